# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Who authorises what for which head office, and where nobody does."""
from collections import defaultdict

from sql import Literal, Union
from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval, If
from trytond.transaction import Transaction, without_check_access

from .. import gateway
from ..clock import local_text, utcnow
from ..exceptions import MBankError, NoSessionError
from ..keyring import vault
from ..rights import DerivedMixin
from .authorisation import Authorisation, Standing, dik_of

#: The ids of the rows: a head office's number times this, plus the kind's.
_STRIDE = 10
GAP = 'gap'
SOON = 'soon'
COVERED = 'covered'


class Overview(DerivedMixin, ModelSQL, ModelView):
    __name__ = 'mbank.overview'

    company = fields.Many2One('company.company', "Head Office", readonly=True)
    kind = fields.Selection([
            (gateway.STATEMENTS, "Statements"),
            (gateway.PAYMENTS, "Payments"),
            ], "For", readonly=True, sort=False)
    state = fields.Function(fields.Selection([
                (GAP, "Nobody Authorises"),
                (SOON, "Ends Soon"),
                (COVERED, "Authorised"),
                ], "State", sort=False),
        'get_row', searcher='search_state')
    authoriser = fields.Function(
        fields.Char("Authoriser",
            help="Whose session authorises those without one of their own."),
        'get_row')
    until = fields.Function(fields.DateTime("Until"), 'get_row')
    own = fields.Function(
        fields.Char("Users with Their Own Session"), 'get_row')
    explanation = fields.Function(
        fields.Char("Explanation"), 'get_row')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('company', 'ASC'), ('id', 'ASC')]

    @classmethod
    def table_query(cls):
        company = Pool().get('company.company').__table__()
        return Union(*[
                company.select(
                    (company.id * _STRIDE + number).as_('id'),
                    company.id.as_('company'),
                    Literal(kind).as_('kind'))
                for number, kind in enumerate(gateway.KINDS)],
            all_=True)

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(Eval('state') == GAP, 'danger',
                    If(Eval('state') == SOON, 'warning', '')))]

    def get_rec_name(self, name):
        return self.company.rec_name

    @classmethod
    def search_rec_name(cls, name, clause):
        return [('company.rec_name', *clause[1:])]

    @classmethod
    @without_check_access
    def get_row(cls, rows, names):
        "The sessions are read once, however many head offices there are"
        facts = _Facts()
        values = {name: {} for name in names}
        for row in rows:
            found = facts.row(row.company, row.kind)
            for name in names:
                values[name][row.id] = found[name]
        return values

    @classmethod
    @without_check_access
    def search_state(cls, name, clause):
        rows = cls.search([])
        states = cls.get_row(rows, ['state'])['state']
        _, operator, value = clause
        wanted = set(value) if isinstance(value, (list, tuple)) else {value}
        negated = operator in {'!=', 'not in'}
        return [('id', 'in', [
                    id_ for id_, state in states.items()
                    if (state in wanted) != negated])]


class _Facts:
    "The sessions in force, and what follows from them for a head office"

    def __init__(self):
        pool = Pool()
        self.Session = pool.get('mbank.session')
        self.Configuration = pool.get('mbank.configuration')
        User = pool.get('res.user')
        self.standings = {}
        self.owners = defaultdict(list)
        standings = Standing.of()
        users = {u.id: u for u in User.browse([s.owner for s in standings])}
        for standing in standings:
            self.standings[standing.owner, standing.context_key] = standing
            if not standing.is_past:
                self.owners[standing.context_key].append(
                    (users[standing.owner].rec_name, standing))
        self.soon = utcnow() + self.Configuration(1).soon
        try:
            vault.check()
        except MBankError as error:
            self.locked = error
        else:
            self.locked = None

    def default_of(self, company):
        User = Pool().get('res.user')
        _, default_id = self.Configuration.authorising_for(company.id)
        return User(default_id) if default_id else None

    def row(self, company, kind):
        values = {
            'state': GAP,
            'authoriser': None,
            'until': None,
            'own': ', '.join(
                name
                for name, own in self.owners[self.Session.key_of(company)]
                if not own.is_for_others(company.mbank_dik, kind)) or None,
            }
        try:
            standing, default = self.standing_of(company, kind)
        except MBankError as error:
            values['explanation'] = error.message
            return values
        soon = standing.end and standing.end <= self.soon
        values.update({
                'state': SOON if soon else COVERED,
                'authoriser': default.rec_name,
                'until': standing.end,
                'explanation': gettext(
                    'mbank.msg_authorised_by_default',
                    user=default.rec_name,
                    end=local_text(standing.end, company)),
                })
        return values

    def standing_of(self, company, kind):
        """What authorises users without a session, and the user it is of.

        Raises the error that says why nothing does.
        """
        dik_of(company)
        if self.locked:
            raise self.locked
        default = self.default_of(company)
        if default is None:
            raise NoSessionError(gettext(
                    'mbank.msg_overview_no_default',
                    company=company.rec_name))
        standing = self.standings.get(
            (default.id, self.Session.key_of(company)))
        if standing is None:
            raise NoSessionError(gettext(
                    'mbank.msg_overview_no_session',
                    default=default.rec_name, company=company.rec_name))
        Authorisation.check(standing, company, gateway.whole(kind))
        return standing, default


class Rule(metaclass=PoolMeta):
    __name__ = 'ir.rule'

    @classmethod
    def _get_context(cls, model_name):
        "Shown for every head office of the user, whichever is worked for"
        context = super()._get_context(model_name)
        if model_name == Overview.__name__:
            context['companies'] = cls._all_companies()
        return context

    @classmethod
    def _get_cache_key(cls, model_names):
        key = super()._get_cache_key(model_names)
        if Overview.__name__ in model_names:
            key = (*key, cls._all_companies())
        return key

    @classmethod
    def _all_companies(cls):
        User = Pool().get('res.user')
        with without_check_access():
            return tuple(
                c.id for c in User(Transaction().user).companies)
