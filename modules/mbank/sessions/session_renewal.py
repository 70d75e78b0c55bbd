# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Renewal: a new session beside the one in force, by its owner or by itself."""
import datetime as dt
import logging

from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from .. import independent
from ..clock import local_text, utcnow
from ..exceptions import SessionRenewError
from ..keyring import vault
from ..rights import error_text
from . import session_making
from .session_states import LIVE

#: One try a day, at the hour of the check.
BETWEEN_TRIES = dt.timedelta(hours=23)

logger = logging.getLogger(__name__)


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    renewal_tried = fields.DateTime("Last Renewal by Itself", readonly=True,
        states={
            'invisible': ~Eval('renewal_tried'),
            })
    renewal_message = fields.Text("Result of the Renewal", readonly=True,
        states={
            'invisible': ~Eval('renewal_message'),
            })
    renewal_due = fields.Function(
        fields.Boolean("To Renew",
            help="In force, made here, and near its end."),
        'get_renewal_due', searcher='search_renewal_due')

    @classmethod
    def get_renewal_due(cls, sessions, name):
        due = {s.id for s in cls.search([
                    ('id', 'in', [s.id for s in sessions]),
                    ('renewal_due', '=', True),
                    ])}
        return {s.id: s.id in due for s in sessions}

    @classmethod
    def search_renewal_due(cls, name, clause):
        Configuration = Pool().get('mbank.configuration')
        _, operator, value = clause
        with without_check_access():
            days = dt.timedelta(days=Configuration(1).renewal_days)
            due = cls.search([
                    ('state', 'in', sorted(LIVE)),
                    ('shared_from', '=', None),
                    ('end', '<=', utcnow() + days),
                    ], query=True)
        positive = bool(value) == (operator == '=')
        return [('id', 'in' if positive else 'not in', due)]

    def check_renewable(self):
        "Refuse what its user cannot renew here"
        if self.shared_from:
            raise SessionRenewError(gettext(
                    'mbank.msg_session_renew_shared', session=self.rec_name))
        if not self.is_live:
            raise SessionRenewError(gettext(
                    'mbank.msg_session_renew_ended', session=self.rec_name))
        if self.user.id != Transaction().user:
            raise SessionRenewError(gettext(
                    'mbank.msg_session_renew_owner', user=self.user.rec_name))

    @classmethod
    @without_check_access
    def renewed_by(cls, session_id):
        "The session the user of the transaction may renew, or None"
        sessions = cls.search([
                ('id', '=', session_id),
                ('user', '=', Transaction().user),
                ('state', 'in', sorted(LIVE)),
                ('shared_from', '=', None),
                ])
        return sessions[0] if sessions and sessions[0].is_live else None

    @property
    def life(self):
        "For how long the next one is asked for: as long, or the default"
        Configuration = Pool().get('mbank.configuration')
        configuration = Configuration(1)
        life = dt.timedelta(days=configuration.default_life)
        if self.asked_end and self.activated:
            life = max(life, self.asked_end - self.activated)
        return min(life, dt.timedelta(days=configuration.longest_life))

    # By itself

    @property
    def renews_itself(self):
        "Whether its certificate may sign without a person"
        if (self.shared_from or not self.certificate
                or not self.user.active):
            return False
        with Transaction().set_user(self.user.id):
            Certificate = Pool().get('mbank.certificate')
            return Certificate(self.certificate.id).unattended

    @classmethod
    def begin_renewals(cls):
        "Queue what is due to be renewed by itself"
        for session_id in independent.run(cls._begin_renewals):
            cls.__queue__.renew_by_itself([cls(session_id)])

    @classmethod
    def _begin_renewals(cls):
        "Mark the sessions whose renewal is due, and return their ids"
        now = utcnow()
        due = [
            s for s in cls.search([
                    ('renewal_due', '=', True),
                    ('end', '>', now),
                    ['OR',
                        ('renewal_tried', '=', None),
                        ('renewal_tried', '<=', now - BETWEEN_TRIES),
                        ],
                    ])
            if s.renews_itself]
        cls.write(due, {'renewal_tried': now, 'renewal_message': None})
        return [s.id for s in due]

    def _warn(self):
        # It is just being renewed; if that fails the next check warns.
        if (self.renewal_tried and not self.renewal_message
                and utcnow() - self.renewal_tried < dt.timedelta(hours=1)):
            return
        super()._warn()

    @classmethod
    @without_check_access
    def renew_by_itself(cls, sessions):
        """Renew the sessions with keys that are here, run by the queue.

        What comes of it is stored and told, not raised.
        """
        for session in sessions:
            language = session.user.language
            context = {'language': language.code} if language else {}
            if session.company:
                context['company'] = session.company.id
            with Transaction().set_user(session.user.id), \
                    Transaction().set_context(context):
                cls._renew_one(session.id)

    @classmethod
    def _renew_one(cls, session_id):
        Certificate = Pool().get('mbank.certificate')
        try:
            wanted = cls._wanted_renewal(session_id)
            if wanted is None:
                return
            vault.check()
            with Certificate.unattended_signer(
                    wanted['certificate'].id, Transaction().user) as signer:
                new_id = session_making.make_here(signer, **wanted)
        except UserError as error:
            logger.warning(
                "renewal of session %s: %s", session_id, error.message)
            independent.run(cls._renewal_failed, session_id, error_text(error))
        else:
            independent.run(cls._renewal_made, session_id, new_id)

    @classmethod
    def _wanted_renewal(cls, session_id):
        "What is asked of the bank, for make_here; None if there is no need"
        session = cls(session_id)
        if not session.is_live:
            return None
        diks = [
            (d.dik, d.company.id if d.company else None)
            for d in session.diks if d.granted]
        company = session.company or next(
            (d.company for d in session.diks if d.granted and d.company),
            session.user.company)
        if not company:
            raise SessionRenewError(gettext('mbank.msg_session_no_company'))
        certificate = session.certificate
        end = min(utcnow() + session.life, certificate.valid_to)
        if end <= session.end:
            raise SessionRenewError(gettext(
                    'mbank.msg_session_renewal_shorter',
                    end=local_text(end, session.company),
                    old=local_text(session.end, session.company)))
        return {
            'company': company,
            'diks': diks,
            'kinds': session.asked_kinds,
            'bank_user': session.bank_user,
            'certificate': certificate,
            'end': end,
            'renews': session_id,
            # The task may come twice, the request once.
            'request': 'renewal,%s,%s' % (
                session_id, session.renewal_tried.isoformat()),
            }

    @classmethod
    def _renewal_failed(cls, session_id, reason):
        session = cls(session_id)
        cls.write([session], {'renewal_message': reason})
        session._tell(
            'mbank.msg_session_renewal_failed_label', reason,
            advice='mbank.msg_session_advice_renewal')

    @classmethod
    def _renewal_made(cls, session_id, new_id):
        new = cls(new_id)
        if new.state not in LIVE:
            # Made, and not proven yet: the regular check goes on and tells.
            cls.write([cls(session_id)], {'renewal_message': new.reason})
            return
        new._tell('mbank.msg_session_renewed_label')
