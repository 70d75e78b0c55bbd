# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from trytond.model import fields
from trytond.pool import PoolMeta


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
    def copy(cls, lines, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('settlement_source')
        default.setdefault('settlement_rule')
        return super().copy(lines, default=default)
