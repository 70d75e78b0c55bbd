# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The calendar of what ends: sessions and certificates, by their day."""
from sql import Literal, Null, Union
from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.transaction import without_check_access

from ..clock import utcnow
from ..rights import DerivedMixin
from . import session_states
from .certificate import SOON as CERTIFICATE_SOON

SESSION = 'session'
CERTIFICATE = 'certificate'
KINDS = [
    (SESSION, "Session"),
    (CERTIFICATE, "Certificate"),
    ]
PAST = 'past'
SOON = 'soon'
LATER = 'later'
STATES = [
    (LATER, "Valid"),
    (SOON, "Ends Soon"),
    (PAST, "Ended"),
    ]
_COLORS = {LATER: '#2e7d32', SOON: '#b35300', PAST: '#c62828'}
_SHOWN = session_states.LIVE | {session_states.EXPIRED}


class Ending(DerivedMixin, ModelSQL, ModelView):
    __name__ = 'mbank.ending'
    _rec_name = 'title'

    time = fields.DateTime("End", readonly=True)
    kind = fields.Selection(KINDS, "Kind", readonly=True, sort=False)
    user = fields.Many2One('res.user', "User", readonly=True)
    company = fields.Many2One(
        'company.company', "Head Office", readonly=True)
    session = fields.Many2One('mbank.session', "Session", readonly=True)
    state = fields.Function(
        fields.Selection(STATES, "State", sort=False), 'get_state')
    title = fields.Function(
        fields.Char("Title"), 'get_title', searcher='search_title')
    text_color = fields.Function(fields.Char("Text Color"), 'get_color')
    color = fields.Function(fields.Char("Color"), 'get_color')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('time', 'ASC'), ('id', 'ASC')]

    @classmethod
    def table_query(cls):
        pool = Pool()
        session = pool.get('mbank.session').__table__()
        certificate = pool.get('mbank.certificate').__table__()
        return Union(
            session.select(
                (session.id * 2).as_('id'),
                session.end.as_('time'),
                Literal(SESSION).as_('kind'),
                session.user.as_('user'),
                session.company.as_('company'),
                session.id.as_('session'),
                where=session.state.in_(sorted(_SHOWN))
                & (session.end != Null)),
            certificate.select(
                (certificate.id * 2 + 1).as_('id'),
                certificate.valid_to.as_('time'),
                Literal(CERTIFICATE).as_('kind'),
                certificate.user.as_('user'),
                cls.company.sql_cast(Literal(Null)).as_('company'),
                cls.session.sql_cast(Literal(Null)).as_('session'),
                where=certificate.valid_to != Null),
            all_=True)

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree/field[@name="state"]', 'visual',
                If(Eval('state') == PAST, 'danger',
                    If(Eval('state') == SOON, 'warning', 'success')))]

    @classmethod
    @without_check_access
    def get_state(cls, endings, name):
        Configuration = Pool().get('mbank.configuration')
        near = {
            SESSION: Configuration(1).soon,
            CERTIFICATE: CERTIFICATE_SOON,
            }
        now = utcnow()
        return {e.id: (
                PAST if e.time <= now
                else SOON if e.time <= now + near[e.kind]
                else LATER) for e in endings}

    @without_check_access
    def get_title(self, name):
        if self.kind == SESSION:
            return gettext(
                'mbank.msg_ending_session', user=self.user.rec_name)
        return gettext(
            'mbank.msg_ending_certificate', user=self.user.rec_name)

    @classmethod
    def search_title(cls, name, clause):
        return [('user.rec_name', *clause[1:])]

    def get_color(self, name):
        return '#ffffff' if name == 'text_color' else _COLORS[self.state]
