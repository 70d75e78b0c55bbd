# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Shares in their envelopes, put into the inbox, and a profile that leads nowhere"
import datetime as dt
import uuid

from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank.clock import utcnow
from trytond.modules.mbank.sharing.share_message import (
    SHARE, ShareMessage, receiver_text)
from trytond.pool import Pool

from ...tests.sessions import put_in_force
from ...tests.sharing import DIK, SharingCase

PASSWORD = 'ściśle;"tajne"'
CONNECTION = (
    'host=127.0.0.1;port=1;username=mbank;password="ściśle;""tajne""";'
    'Database=beta')
OPERATIONS = ('getMT940Ex', 'getStatus')


class ShareCase(SharingCase):
    "Envelopes, and what becomes of them"

    def new_session(self, user=1, **values):
        "A live session, without a bank"
        session_id, end, granted = self.begin(user=user, **values)
        return put_in_force(session_id, b'TOKEN', end, granted)

    def envelope(
            self, kind=SHARE, share=None, dik=DIK, user=None,
            head_office=None, days=10, content=None):
        message = ShareMessage(
            kind, share or uuid.uuid4().hex, dik=dik,
            operations=OPERATIONS, bank_user='BANK', token=b'SHARED')
        return vault.seal_share(
            vault.public_identity(), session=1,
            user=user or receiver_text(self.ewa_id, 'ewa'),
            head_office=head_office or receiver_text(self.company_id, dik),
            expires=utcnow() + dt.timedelta(days=days),
            payload=content or message.to_bytes())

    def put(self, envelope, source=None):
        Inbox = Pool().get('mbank.share.inbox')
        Database = Pool().get('mbank.database')
        row, = Inbox.create([{
                    'source': source or Database.get_identity(),
                    'envelope': envelope,
                    }])
        return row.id

    def receive(self, row_id, user=1):
        "The row's state and reason after it was received"
        def press():
            Inbox = Pool().get('mbank.share.inbox')
            Inbox.receive([Inbox(row_id)])

        def read():
            row = Pool().get('mbank.share.inbox')(row_id)
            return row.state, row.reason
        self.work(press, user=user)
        return self.work(read)
