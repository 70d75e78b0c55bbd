# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What one database tells another about a share, inside of the envelope.

The envelope (vault) says from whom, to whom, for which session, user and head
office, and until when; this is its content.
"""
import base64
import json
from dataclasses import dataclass, field

_FORMAT = 'mbank-share-1'
SHARE = 'share'
REVOCATION = 'revocation'


@dataclass(frozen=True)
class ShareMessage:
    "A session handed over, or the word that it is taken back"
    kind: str
    share: str
    dik: str = ''
    operations: tuple = ()
    bank_user: str = ''
    signed_by: str = ''
    token: bytes = field(default=b'', repr=False)

    def to_bytes(self):
        return json.dumps({
                'format': _FORMAT,
                'kind': self.kind,
                'share': self.share,
                'dik': self.dik,
                'operations': sorted(self.operations),
                'bank_user': self.bank_user,
                'signed_by': self.signed_by,
                'token': base64.b64encode(self.token).decode(),
                }, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data):
        "Read what to_bytes wrote; raises ValueError if it is not that"
        try:
            values = json.loads(data)
            if values.pop('format') != _FORMAT:
                raise ValueError("another format")
            token = base64.b64decode(values.pop('token'), validate=True)
            operations = tuple(values.pop('operations'))
            message = cls(token=token, operations=operations, **values)
        except (AttributeError, KeyError, TypeError, ValueError):
            # Without the cause: it may hold a part of the content.
            raise ValueError("not the content of a share") from None
        texts = [
            message.share, message.dik, message.bank_user, message.signed_by,
            *operations]
        if (message.kind not in {SHARE, REVOCATION}
                or not all(isinstance(text, str) for text in texts)
                or not message.share
                or (message.kind == SHARE
                    and not (message.dik and message.token))):
            raise ValueError("not the content of a share")
        return message


def receiver_text(id, name):
    "A user (id and login) or a head office (id and DIK) in an envelope"
    return '%s %s' % (id, name)


def read_receiver(text):
    "The id and the name of receiver_text; raises ValueError"
    id, _, name = text.partition(' ')
    return int(id), name
