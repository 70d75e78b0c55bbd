# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Entries of statements: what the bank said, and what was decided."""
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval, If
from trytond.transaction import Transaction

from . import turn
from .exceptions import SettlementError
from .reasons import reason_sentence

DECISIONS = [
    (None, ""),
    ('automatic', "Automatic"),
    ('propose', "Propose"),
    ('none', "None"),
    ('manual', "Manual"),
    ]


class Origin(metaclass=PoolMeta):
    __name__ = 'account.statement.origin'

    entry_identity = fields.Char(
        "Entry Identity", readonly=True,
        help="What makes the entry known when it is imported again.")
    transaction_number = fields.Char("Transaction Number", readonly=True)
    entry_code = fields.Char("Entry Code", readonly=True)
    entry_code_name = fields.Char("Entry Code Name", readonly=True)
    remittance = fields.Text("Remittance Information", readonly=True)
    counterparty_account = fields.Char("Counterparty Account", readonly=True)
    counterparty_name = fields.Char("Counterparty Name", readonly=True)
    virtual_account = fields.Char("Virtual Account", readonly=True)
    customer_reference = fields.Char(
        "Customer Reference", readonly=True,
        help="What the one who ordered the operation calls it.")
    bank_reference = fields.Char("Bank Reference", readonly=True)
    entry_details = fields.Dict(
        None, "Details of the Entry", readonly=True,
        help="What else the bank says of the entry, by name.")

    settlement_decision = fields.Selection(
        DECISIONS, "Settlement", readonly=True, sort=False)
    settlement_score = fields.Numeric(
        "Score", digits=(1, 2), readonly=True,
        states={
            'invisible': ~Eval('settlement_decision').in_(
                ['automatic', 'propose']),
            })
    settlement_reasons = fields.Text("Reasons", readonly=True)
    settlement_reason = fields.Function(
        fields.Char("Reason"), 'get_settlement_reason')
    proposals = fields.One2Many(
        'automatic_settlement.proposal', 'origin', "Proposals",
        readonly=True)
    left_to_people = fields.Boolean(
        "Left to People",
        states={
            'readonly': Eval('statement_state') != 'draft',
            },
        help="Checked: the entry is at most proposed, never settled by "
        "itself. It is checked when a settlement is undone.")
    has_proposal = fields.Function(
        fields.Boolean("Has Proposal"), 'on_change_with_has_proposal')

    @classmethod
    def __setup__(cls):
        for name in [
                'entry_identity', 'transaction_number', 'entry_code',
                'counterparty_account', 'virtual_account',
                'customer_reference', 'bank_reference']:
            getattr(cls, name).search_unaccented = False
        super().__setup__()
        cls._buttons.update({
                'accept_proposal': {
                    'invisible': (~Eval('has_proposal', False)
                        | (Eval('statement_state') != 'draft')),
                    'depends': ['has_proposal', 'statement_state'],
                    },
                'undo_settlement': {
                    'invisible': (~Eval('settlement_decision')
                        | (Eval('statement_state') != 'draft')),
                    'depends': ['settlement_decision', 'statement_state'],
                    },
                })

    @classmethod
    def default_left_to_people(cls):
        return False

    def get_settlement_reason(self, name):
        if self.settlement_reasons:
            return self.settlement_reasons.splitlines()[0]

    @fields.depends('proposals')
    def on_change_with_has_proposal(self, name=None):
        return any(not p.accepted for p in self.proposals or [])

    @classmethod
    def view_attributes(cls):
        decision = Eval('settlement_decision')
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(decision == 'automatic', 'success',
                    If(decision == 'propose', 'warning',
                        If(decision == 'none', 'danger', '')))),
            ]

    def get_settlement_line(
            self, related_to, party, account, amount, source):
        "Return the statement line that settles the amount of the entry"
        pool = Pool()
        Line = pool.get('account.statement.line')
        return Line(
            statement=self.statement,
            origin=self,
            number=self.number,
            date=self.date,
            description=self.description,
            party=party,
            account=account,
            amount=amount,
            related_to=related_to,
            settlement_source=source)

    def add_settlement_reason(self, reason):
        self.settlement_reasons = '\n'.join(
            filter(None, [self.settlement_reasons, reason]))

    def set_settlement_rules(self, rules):
        "Note the rules of the user that made the lines"
        self.settlement_decision = 'automatic'
        self.settlement_score = None
        self.settlement_reasons = '\n'.join(
            reason_sentence('rule', {'rule': r.rec_name})
            for r in sorted(rules, key=lambda r: r.id))

    @classmethod
    def set_accepted(cls, origins):
        "Note that a person has decided"
        pool = Pool()
        User = pool.get('res.user')
        user = User(Transaction().user)
        for origin in origins:
            origin.settlement_decision = 'manual'
            origin.add_settlement_reason(reason_sentence(
                    'accepted', {'user': user.rec_name}))
        cls.save(origins)

    @classmethod
    @ModelView.button
    def accept_proposal(cls, origins):
        pool = Pool()
        Proposal = pool.get('automatic_settlement.proposal')
        Proposal.accept([
                p for o in origins for p in o.proposals if not p.accepted])

    @classmethod
    @ModelView.button
    def undo_settlement(cls, origins):
        cls._undo_settlement(
            origins, {'rule', 'match', 'proposal', 'remaining'})

    @classmethod
    def _undo_settlement(cls, origins, sources):
        """Delete the lines made by the sources and forget the decisions

        The entries are left to people from then on.
        """
        pool = Pool()
        Line = pool.get('account.statement.line')
        Proposal = pool.get('automatic_settlement.proposal')
        User = pool.get('res.user')
        turn.take(statements={o.statement for o in origins})
        origins = cls.browse(origins)
        for origin in origins:
            if origin.statement.state != 'draft':
                raise SettlementError(gettext(
                        'automatic_settlement.msg_statement_not_draft',
                        statement=origin.statement.rec_name))
        lines = [
            l for o in origins for l in o.lines
            if l.settlement_source in sources]
        undone = set(lines)
        to_reset, to_keep = [], []
        for origin in origins:
            if all(l in undone for l in origin.lines):
                to_reset.append(origin)
            elif any(l in undone for l in origin.lines):
                to_keep.append(origin)
        Line.delete(lines)
        Proposal.delete([p for o in to_reset for p in o.proposals])
        by = reason_sentence('undone_by', {
                'user': User(Transaction().user).rec_name})
        cls.write(to_reset, {
                'settlement_decision': None,
                'settlement_score': None,
                'settlement_reasons': by,
                'left_to_people': True,
                })
        for origin in to_keep:
            origin.add_settlement_reason(reason_sentence('undone'))
            origin.add_settlement_reason(by)
            origin.left_to_people = True
        cls.save(to_keep)

    @classmethod
    def copy(cls, origins, default=None):
        default = default.copy() if default is not None else {}
        # The copy is not the entry of the bank
        default.setdefault('entry_identity')
        default.setdefault('settlement_decision')
        default.setdefault('settlement_score')
        default.setdefault('settlement_reasons')
        default.setdefault('proposals')
        default.setdefault('left_to_people', False)
        return super().copy(origins, default=default)
