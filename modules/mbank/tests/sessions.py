# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Sessions of tests, in force without a bank and without a proof"
import datetime as dt

from trytond.modules.mbank import gateway
from trytond.pool import Pool

from .tools import now

TOKEN = b'TOKEN-of-the-bank'


def naive(**delta):
    "A time so far from now, as the database keeps it"
    return (now() + dt.timedelta(**delta)).replace(
        tzinfo=None, microsecond=0)


def put_in_force(session_id, token, end, granted):
    "Store what a bank would have made, and let it take its place"
    Session = Pool().get('mbank.session')
    Session.keep_made(session_id, token, end, granted)
    Session.switch(session_id)
    return Session(session_id)


def make_session(
        user, company, diks=('10000001',), kinds=(gateway.STATEMENTS,),
        **delta):
    "An active session, stored as the dialog stores it"
    Session = Pool().get('mbank.session')
    key = Session.key_of(company)
    session_id = Session.begin(
        [(d, None) for d in diks], user=user.id, context_key=key,
        company=None if key == 'database' else company.id, kinds=kinds,
        asked_end=naive(days=30))
    return put_in_force(
        session_id, TOKEN, naive(**(delta or {'days': 30})),
        {d: gateway.operations_of(kinds) for d in diks})
