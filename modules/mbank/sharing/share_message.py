# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What one database tells another about a share, inside of the envelope.

The envelope (vault) says from whom, to whom, for which session, user and head
office, and until when; this is its content.
"""
import base64
import json
import re
from dataclasses import dataclass, field

from ..keyring import vault

#: The longest content, in bytes: an envelope holds it in base64.
LIMIT = 32 * 1024
#: The longest texts, in characters, and the most operations.
TEXT_LIMIT = 300
TOKEN_LIMIT = 16 * 1024
MOST_OPERATIONS = 100
_LARGEST_ID = 2 ** 31 - 1
_ID = re.compile('[1-9][0-9]{0,9}')

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
        """Read what to_bytes wrote; raises ValueError if it is not that.

        A trusted source has signed it, which may have been robbed of its key.
        """
        try:
            return cls._read(vault.read_object(data, limit=LIMIT, depth=2))
        except (TypeError, ValueError):
            # Without the cause: it may hold a part of the content.
            raise ValueError("not the content of a share") from None

    @classmethod
    def _read(cls, values):
        vault.only(
            values, 'format', 'kind', 'share', 'dik', 'operations',
            'bank_user', 'signed_by', 'token')
        kind, operations = values['kind'], values['operations']
        shared = kind == SHARE
        if (values['format'] != _FORMAT
                or not (shared or kind == REVOCATION)
                or not isinstance(operations, list)
                or len(operations) > MOST_OPERATIONS):
            raise ValueError
        return cls(
            kind=kind,
            share=vault.text_of(values, 'share', TEXT_LIMIT),
            dik=vault.text_of(values, 'dik', TEXT_LIMIT, empty=not shared),
            operations=tuple(
                vault.checked_text(operation, 'operation', TEXT_LIMIT)
                for operation in operations),
            bank_user=vault.text_of(
                values, 'bank_user', TEXT_LIMIT, empty=True),
            signed_by=vault.text_of(
                values, 'signed_by', TEXT_LIMIT, empty=True),
            token=base64.b64decode(
                vault.text_of(
                    values, 'token', TOKEN_LIMIT, empty=not shared),
                validate=True))


def receiver_text(id, name):
    "A user (id and login) or a head office (id and DIK) in an envelope"
    return '%s %s' % (id, name)


def read_receiver(text):
    "The id and the name of receiver_text; raises ValueError"
    id, _, name = text.partition(' ')
    if not _ID.fullmatch(id) or int(id) > _LARGEST_ID:
        raise ValueError("not the number of a record")
    return int(id), name
