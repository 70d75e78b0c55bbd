# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Proposals: what an entry may settle, for a person to accept."""
from itertools import groupby

from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.modules.currency.fields import Monetary
from trytond.pool import Pool
from trytond.pyson import Eval, If

from . import turn
from .exceptions import SettlementError
from .open_items import open_items


class Proposal(ModelSQL, ModelView):
    __name__ = 'automatic_settlement.proposal'

    origin = fields.Many2One(
        'account.statement.origin', "Entry",
        required=True, readonly=True, ondelete='CASCADE')
    related_to = fields.Reference(
        "Settles", selection='get_relations', required=True, readonly=True)
    party = fields.Many2One(
        'party.party', "Party", readonly=True, ondelete='CASCADE')
    account = fields.Many2One(
        'account.account', "Account",
        required=True, readonly=True, ondelete='CASCADE')
    amount = Monetary(
        "Amount", currency='currency', digits='currency', required=True,
        readonly=True,
        help="Positive for money received.")
    currency = fields.Function(
        fields.Many2One('currency.currency', "Currency"),
        'on_change_with_currency')
    accepted = fields.Boolean("Accepted", readonly=True)
    statement_state = fields.Function(
        fields.Selection('get_statement_states', "Statement State"),
        'on_change_with_statement_state')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('origin')
        cls._order.insert(0, ('origin', 'DESC'))
        cls._order.insert(1, ('id', 'ASC'))
        cls._buttons.update({
                'accept': {
                    'invisible': (Eval('accepted', False)
                        | (Eval('statement_state') != 'draft')),
                    'depends': ['accepted', 'statement_state'],
                    },
                })

    @classmethod
    def default_accepted(cls):
        return False

    @classmethod
    def get_relations(cls):
        Model = Pool().get('ir.model')
        get_name = Model.get_name
        return [(m, get_name(m))
            for m in ['account.invoice', 'account.payment']]

    @classmethod
    def get_statement_states(cls):
        pool = Pool()
        Statement = pool.get('account.statement')
        return Statement.fields_get(['state'])['state']['selection']

    @fields.depends('origin', '_parent_origin.currency')
    def on_change_with_currency(self, name=None):
        return self.origin.currency if self.origin else None

    @fields.depends('origin', '_parent_origin.statement_state')
    def on_change_with_statement_state(self, name=None):
        return self.origin.statement_state if self.origin else None

    def get_rec_name(self, name):
        return self.related_to.rec_name if self.related_to else str(self.id)

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(Eval('accepted', False), 'muted', '')),
            ]

    @classmethod
    def check_modification(cls, mode, proposals, values=None, external=False):
        # The access of the entry serves proposals too, and allows more.
        super().check_modification(
            mode, proposals, values=values, external=external)
        if external:
            raise AccessError(gettext(
                    'automatic_settlement.msg_proposal_fixed'))

    @classmethod
    @ModelView.button
    def accept(cls, proposals):
        """Make the lines of the proposals

        The transaction may be started again to take its turn.
        """
        pool = Pool()
        Line = pool.get('account.statement.line')
        Origin = pool.get('account.statement.origin')

        origins = {p.origin for p in proposals}
        turn.take(
            {o.company for o in origins}, {o.statement for o in origins})
        proposals = [p for p in cls.browse(proposals) if not p.accepted]
        for (company, currency), group in groupby(
                sorted(proposals, key=lambda p: (
                        p.origin.company.id, p.origin.currency.id)),
                key=lambda p: (p.origin.company, p.origin.currency)):
            group = list(group)
            cls._check_open(company, currency, group)
            Line.save([p.origin.get_settlement_line(
                        p.related_to, p.party, p.account, p.amount,
                        'proposal')
                    for p in group])
        cls.write(proposals, {'accepted': True})
        Origin.set_accepted(list({p.origin for p in proposals}))

    @classmethod
    def _check_open(cls, company, currency, proposals):
        "Refuse what has been settled otherwise or exceeds the entry"
        invoices = [p.related_to.id for p in proposals
            if p.related_to.__name__ == 'account.invoice']
        payments = [p.related_to.id for p in proposals
            if p.related_to.__name__ == 'account.payment']
        items = {
            (i.related_to, i.party): i.amount
            for i in open_items(company, currency, invoices, payments)}
        pending = {}
        for proposal in proposals:
            origin = proposal.origin
            if origin.statement.state != 'draft':
                raise SettlementError(gettext(
                        'automatic_settlement.msg_statement_not_draft',
                        statement=origin.statement.rec_name))
            key = (
                str(proposal.related_to),
                proposal.party.id if proposal.party else None)
            amount = items.get(key, 0)
            if (abs(proposal.amount) > abs(amount)
                    or proposal.amount * amount < 0):
                raise SettlementError(gettext(
                        'automatic_settlement.msg_proposal_not_open',
                        document=proposal.related_to.rec_name,
                        amount=str(proposal.amount),
                        open=str(amount)))
            items[key] = amount - proposal.amount
            pending.setdefault(origin, origin.pending_amount)
            pending[origin] -= proposal.amount
        for origin, amount in pending.items():
            if amount * origin.amount < 0:
                raise SettlementError(gettext(
                        'automatic_settlement.msg_proposal_exceeds_entry',
                        origin=origin.rec_name,
                        amount=str(-amount)))
