# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Lines of statements: what made them, and in whose turn they change."""
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta

from . import turn
from .apart import without_others
from .exceptions import SettlementError


class StatementRule(metaclass=PoolMeta):
    __name__ = 'account.statement.rule'

    def apply(self, origin, keywords):
        for line in super().apply(origin, keywords):
            line.settlement_source = 'rule'
            line.settlement_rule = self
            yield line


class StatementLine(metaclass=PoolMeta):
    __name__ = 'account.statement.line'

    settlement_source = fields.Selection([
            (None, ""),
            ('rule', "Rule"),
            ('match', "Match"),
            ('proposal', "Accepted Proposal"),
            ('remaining', "Remaining"),
            ], "Settled by", readonly=True, sort=False,
        help="What made the line. Empty if it was entered by hand.")
    settlement_rule = fields.Many2One(
        'account.statement.rule', "Settlement Rule", readonly=True,
        ondelete='SET NULL',
        help="The rule that made the line.")

    @classmethod
    def create(cls, vlist):
        cls._take_turn(
            cls._statements_named(vlist),
            any(v.get('related_to') for v in vlist))
        lines = super().create(vlist)
        cls._check_entries([l for l in lines if not l.settlement_source])
        return lines

    @classmethod
    def write(cls, *args):
        actions = iter(args)
        statements, related, args = set(), False, []
        for lines, values in zip(actions, actions):
            lines = without_others(lines)
            statements.update(l.statement for l in lines)
            statements.update(cls._statements_named([values]))
            related |= bool(values.get('related_to'))
            args += [lines, values]
        cls._take_turn(statements, related)
        super().write(*args)

    @classmethod
    def delete(cls, lines):
        cls._take_turn({l.statement for l in lines}, False)
        super().delete(lines)

    @classmethod
    def _statements_named(cls, vlist):
        "The statements that the values put lines on"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        Statement = pool.get('account.statement')
        statements = {v['statement'] for v in vlist if v.get('statement')}
        statements.update(
            o.statement for o in Origin.browse(list({
                        v['origin'] for v in vlist if v.get('origin')})))
        return Statement.browse(sorted(set(map(int, statements))))

    @classmethod
    def _take_turn(cls, statements, related):
        """Let nobody settle or post meanwhile what the lines belong to

        A line that settles something takes it from the whole company.
        """
        turn.take(
            {s.company for s in statements} if related else (), statements)

    @classmethod
    def _check_entries(cls, lines):
        "Raise if what is entered by hand comes on top of a settlement"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        for origin in Origin.browse(list({l.origin for l in lines
                        if l.origin})):
            if (origin.pending_amount * origin.amount < 0
                    and any(l.settlement_source for l in origin.lines)):
                raise SettlementError(gettext(
                        'automatic_settlement.msg_entry_settled_already',
                        entry=origin.rec_name,
                        amount=str(origin.amount),
                        excess=str(abs(origin.pending_amount))))

    @classmethod
    def copy(cls, lines, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('settlement_source')
        default.setdefault('settlement_rule')
        return super().copy(lines, default=default)
