# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Whose turn it is: who settles a company, who changes a statement.

At REPEATABLE READ a transaction does not see what others have committed since
it began, and a lock alone does not tell it. So who has the turn also writes a
row: another transaction that began before is then refused by the database and
begins anew, with all that was written in view.

Nobody waits inside of the database, so nobody can wait for each other: who
finds the turn taken rolls back, pauses and begins anew, for WAIT_LIMIT
seconds at most.
"""
import random
import threading
import time

from sql import Select, Table

from trytond import backend
from trytond.i18n import gettext
from trytond.model import ModelSQL, Unique, fields
from trytond.pool import Pool
from trytond.tools import grouped_slice
from trytond.transaction import Transaction, TransactionError

from .exceptions import SettlementBusyError

# Seconds
WAIT_LIMIT = 60
PAUSE = 0.1
# Who has not come back for so long is not waiting any more
GIVEN_UP = 30

# The turns among the locks of the database: 'SETL'
_NAMESPACE = 0x5345544C << 32
# PostgreSQL: serialization failure, deadlock, lock not available, and the
# row of the company written first by another
_CONFLICTS = {'40001', '40P01', '55P03', '23505'}
_waiting = threading.local()


class Turn(ModelSQL):
    __name__ = 'automatic_settlement.turn'

    company = fields.Many2One(
        'company.company', "Company", required=True, ondelete='CASCADE')
    taken = fields.Integer("Taken", required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints.append(
            ('company_unique', Unique(t, t.company),
                'automatic_settlement.msg_turn_company_unique'))


class TurnTaken(TransactionError):
    "Another transaction has the turn: begin anew after a pause"

    def fix(self, extras):
        super().fix(extras)
        time.sleep(PAUSE * (0.5 + random.random()))


def take(companies=(), statements=()):
    """Let no other transaction settle the companies or change the statements

    Until the end of the transaction, which may be begun anew for it: what it
    has done outside of the database would be done again. Afterwards whatever
    is read is what others have left.

    Raises SettlementBusyError if others have had the turn for WAIT_LIMIT.
    """
    _check_patience()
    try:
        for company in sorted(set(map(int, companies))):
            _take_company(company)
        _take_statements(statements)
    except backend.DatabaseIntegrityError as error:
        _begin_anew(error)
    except backend.DatabaseOperationalError as error:
        _begin_anew(error)
    _waiting.since = None


def _check_patience():
    since = getattr(_waiting, 'since', None)
    if since is None:
        return
    now = time.monotonic()
    if now - _waiting.last > GIVEN_UP:
        _waiting.since = None
    elif now - since > WAIT_LIMIT:
        _waiting.since = None
        raise SettlementBusyError(gettext(
                'automatic_settlement.msg_settlement_busy',
                seconds=WAIT_LIMIT))


def _begin_anew(error=None):
    if error and getattr(error, 'sqlstate', None) not in _CONFLICTS:
        raise error
    _waiting.last = time.monotonic()
    if getattr(_waiting, 'since', None) is None:
        _waiting.since = _waiting.last
    raise TurnTaken from error


def _take_company(company):
    pool = Pool()
    turn = pool.get('automatic_settlement.turn').__table__()
    transaction = Transaction()
    cursor = transaction.connection.cursor()
    cursor.execute(*Select([
                transaction.database.lock_id(_NAMESPACE | company)]))
    if not cursor.fetchone()[0]:
        _begin_anew()
    cursor.execute(*turn.update(
            [turn.taken], [turn.taken + 1], where=turn.company == company))
    if not cursor.rowcount:
        cursor.execute(*turn.insert(
                [turn.company, turn.taken], [[company, 1]]))


def _take_statements(statements):
    pool = Pool()
    Statement = pool.get('account.statement')
    transaction = Transaction()
    cursor = transaction.connection.cursor()
    statement = Table(Statement._table)
    own = set(transaction.create_records[Statement.__name__])
    ids = sorted(set(map(int, statements)) - own)
    for sub_ids in grouped_slice(ids):
        sub_ids = list(sub_ids)
        transaction.database.lock_records(
            transaction.connection, Statement._table, sub_ids)
        cursor.execute(*statement.update(
                [statement.state], [statement.state],
                where=fields.SQL_OPERATORS['in'](statement.id, sub_ids)))
