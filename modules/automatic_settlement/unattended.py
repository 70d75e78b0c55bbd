# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Statements that are settled and posted without a person.

A statement that waits says so in its own row, written together with the task
for it: the queue loses the task of a worker that was killed.
"""
import datetime as dt
import logging
from itertools import groupby

from trytond.exceptions import UserError, UserWarning
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from . import apart, turn
from .exceptions import SettlementBusyError, SettlementError
from .open_items import open_items
from .reasons import settlement_language

logger = logging.getLogger(__name__)

# Longer than a task waits and works
LOST_AFTER = dt.timedelta(minutes=30)


class Statement(metaclass=PoolMeta):
    __name__ = 'account.statement'

    settle_waiting_since = fields.DateTime(
        "Waiting to Be Settled since", readonly=True)
    post_waiting_since = fields.DateTime(
        "Waiting to Be Posted since", readonly=True)
    settlement_problem = fields.Text(
        "Left to a Person", readonly=True,
        states={
            'invisible': ~Eval('settlement_problem'),
            },
        help="Why the statement was not settled or not posted by itself.")

    @classmethod
    def settle_later(cls, statements):
        "Settle the statements by the queue, each by itself"
        cls._wait_for('settle_waiting_since', 'settle_waiting', statements)

    @classmethod
    def post_later(cls, statements):
        "Post the statements by the queue, each by itself"
        cls._wait_for('post_waiting_since', 'post_settled', statements)

    @classmethod
    def _wait_for(cls, name, method, statements):
        with without_check_access():
            cls.write(cls.browse(statements), {name: dt.datetime.now()})
        for statement in statements:
            getattr(cls.__queue__, method)([statement])

    @classmethod
    def settle_waiting(cls, statements):
        "Settle the statements that wait for it, run by the queue"
        cls._each(
            'settle_waiting_since', cls._settle_unattended, statements,
            'automatic_settlement.msg_not_settled')

    @classmethod
    def post_settled(cls, statements):
        """Validate and post the statements, run by the queue

        Only those that still are fully settled, where it is still wanted, and
        each by itself. What a
        person would be asked is left to a person: then the statement stays
        as it is and says why.
        """
        cls._each(
            'post_waiting_since', cls._post_unattended, statements,
            'automatic_settlement.msg_not_posted')

    @classmethod
    def _each(cls, name, step, statements, message):
        "Do the step for each statement, whatever becomes of the others"
        with without_check_access():
            for id in map(int, statements):
                language = settlement_language(cls(id).company)
                with Transaction().set_context(
                        company=cls(id).company.id, language=language):
                    try:
                        apart.run(step, id)
                    except SettlementBusyError as error:
                        # Its turn comes when the lost tasks are looked for
                        apart.run(cls._note, id, None, message, error)
                    except (UserError, UserWarning) as error:
                        logger.info(
                            "statement %s is left to a person: %s", id, error)
                        apart.run(cls._note, id, name, message, error)
                    except Exception as error:
                        logger.exception(
                            "statement %s is tried again later", id)
                        apart.run(cls._note, id, None, message, error)

    @classmethod
    def _note(cls, id, name, message, error):
        if isinstance(error, (UserError, UserWarning)):
            reason = '\n'.join(
                filter(None, [error.message, error.description]))
        else:
            reason = gettext(
                'automatic_settlement.msg_unexpected',
                error=type(error).__name__)
        values = {'settlement_problem': gettext(message, reason=reason)}
        if name:
            values[name] = None
        cls.write(cls.search([('id', '=', id)]), values)

    @classmethod
    def _settle_unattended(cls, id):
        statement = cls(id)
        if statement.state == 'draft':
            cls.settle([statement])
        cls.clear_waiting([id], 'settle_waiting_since')

    @classmethod
    def _post_unattended(cls, id):
        Configuration = Pool().get('automatic_settlement.configuration')
        turn.take(statements=[id])
        statement = cls(id)
        wanted = Configuration(1).get_multivalue(
            'post_settled', company=statement.company.id)
        if (wanted
                and statement.state == 'draft'
                and statement.is_settled
                and not statement.has_open_problems):
            statement.check_still_open()
            cls.validate_statement([statement])
            cls.post([cls(id)])
        cls.clear_waiting([id], 'post_waiting_since')

    @classmethod
    def clear_waiting(cls, statements, name):
        "Note that the statements do not wait any more, nor for a person"
        statements = [
            s for s in cls.browse(statements)
            if getattr(s, name) or s.settlement_problem]
        with without_check_access():
            cls.write(statements, {name: None, 'settlement_problem': None})

    def check_still_open(self):
        """Raise SettlementError if a line takes what is no longer open

        Between the settlement and the posting a person may have refunded,
        paid or reconciled what a line settles.
        """
        pool = Pool()
        Payment = pool.get('account.payment')
        doubts = Payment.settlement_doubts(
            [l.payment for l in self.lines if l.payment])
        if doubts:
            raise SettlementError('\n'.join(doubts.values()))

        def currency_of(line):
            return line.invoice.currency

        lines = sorted(
            (l for l in self.lines if l.invoice),
            key=lambda l: l.invoice.currency.id)
        for currency, group in groupby(lines, key=currency_of):
            group = list(group)
            # What is left beside the lines of draft statements, so of these
            left = {
                (i.related_to, i.party): i.amount
                for i in open_items(
                    self.company, currency,
                    invoices=list({l.invoice.id for l in group}))}
            for line in group:
                amount = left.get((
                        str(line.invoice),
                        line.party.id if line.party else None), 0)
                if amount * line.amount < 0:
                    raise SettlementError(gettext(
                            'automatic_settlement.msg_line_not_open',
                            document=line.invoice.rec_name,
                            amount=str(line.amount),
                            excess=str(abs(amount))))

    @classmethod
    def recover_settlements(cls):
        "Queue again what waits for a task that was lost, run by cron"
        lost = dt.datetime.now() - LOST_AFTER
        with without_check_access():
            cls.settle_later(cls.search([
                        ('settle_waiting_since', '<', lost)]))
            cls.post_later(cls.search([
                        ('post_waiting_since', '<', lost)]))

    @classmethod
    def copy(cls, statements, default=None):
        default = default.copy() if default is not None else {}
        for name in [
                'settle_waiting_since', 'post_waiting_since',
                'settlement_problem']:
            default.setdefault(name)
        return super().copy(statements, default=default)
