# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The dialog that makes a session: choose, review, sign, and the result."""
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import (
    Button, StateAction, StateTransition, StateView, Wizard)

from .. import independent
from ..exceptions import SessionCreateError
from ..keyring import vault
from ..keyring.sealed import ForgetfulMixin
from ..rights import check_right, has_right
from ..sessions import session_making, session_states
from ..signing_ways import SERVER
from .session_again import RenewalMixin
from .session_choice import ChoiceMixin
from .session_review import ReviewMixin
from .session_signing import SigningMixin


class SessionCreate(
        RenewalMixin, ChoiceMixin, ReviewMixin, SigningMixin, ForgetfulMixin,
        Wizard):
    __name__ = 'mbank.session.create'
    start_state = 'begin'
    _forgotten = {
        'review': ['pin_password'],
        'by_hand': ['signature', 'text_file'],
        }

    begin = StateTransition()
    start = StateView(
        'mbank.session.create.start',
        'mbank.session_create_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Share", 'share_', 'tryton-forward', validate=False,
                states={
                    'invisible': ~Bool(Eval('shareable')),
                    }),
            Button("Continue", 'review_', 'tryton-forward', default=True),
            ])
    review_ = StateTransition()
    review = StateView(
        'mbank.session.create.review',
        'mbank.session_create_review_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Back", 'start', 'tryton-back', validate=False),
            Button("Create Session", 'create_', 'tryton-ok', default=True),
            ])
    create_ = StateTransition()
    result = StateView(
        'mbank.session.create.result',
        'mbank.session_create_result_view_form', [
            Button("Close", 'end', 'tryton-close'),
            Button("Share", 'share_', 'tryton-forward',
                states={
                    'invisible': ~Bool(Eval('shareable')),
                    }),
            Button("Open Session", 'open_', 'tryton-forward', default=True),
            ])
    open_ = StateAction('mbank.act_session_form')
    share_ = StateAction('mbank.wizard_session_share')

    @classmethod
    def check_access(cls):
        # The groups of the action can be left out by a forged action_id.
        super().check_access()
        check_right('group_session_create')

    @without_check_access
    def transition_begin(self):
        "Take up the signing, or the proof, that was left, if there is one"
        check_right('group_session_create')
        if job := self._open_job():
            return self._next(job)
        if (unproven := self._unproven()) is not None:
            session_making.prove(unproven)
            self.result.session_id = unproven
            return 'result'
        return 'start'

    def default_start(self, fields):
        check_right('group_session_create')
        if self.start.user:
            return self._chosen_before()
        values = super().default_start(fields)
        values.update(self._term_values(values))
        if current := self._current():
            values['current'] = current.rec_name
            values['shareable'] = (
                has_right('group_share') and not current.shared_from)
        return values

    @without_check_access
    def _current(self):
        Session = Pool().get('mbank.session')
        if not self._companies():
            return None
        return Session.live_of(Transaction().user, self._company())

    def _unproven(self):
        "The session that the bank has made and that is not in force yet"
        Session = Pool().get('mbank.session')
        if not self._companies():
            return None
        return independent.run(
            Session.unproven_of, Transaction().user, self._company())

    @without_check_access
    def transition_review_(self):
        "Refuse what cannot be asked for while it can still be changed"
        Configuration = Pool().get('mbank.configuration')
        check_right('group_session_create')
        Configuration(1).check_way(self.start.way)
        vault.check()
        self._choice(with_key=self.start.way == SERVER)
        return 'review'

    @without_check_access
    def transition_create_(self):
        Configuration = Pool().get('mbank.configuration')
        pin = self.review.pin_password or ''
        self._forget()
        check_right('group_session_create')
        way = self.start.way
        Configuration(1).check_way(way)
        request = 'wizard,%s' % self._session_id
        if way != SERVER:
            if job := self._open_job():
                # This request is run again, or another window was first.
                return self._next(job)
            vault.check()
            choice = self._choice(with_key=False)
            return self._start_signing(
                self._make_job(request, choice, way), way)
        if (done := self._made_before(request)) is None:
            done = self._create(request, pin)
        self.result.session_id = done
        return 'result'

    def _made_before(self, request):
        """The session this dialog has made already, or None.

        The server runs a request again when the database had a conflict; the
        bank must not be asked again then.
        """
        Session = Pool().get('mbank.session')

        def find():
            sessions = Session.search([('request', '=', request)])
            return [(s.id, s.state, s.reason) for s in sessions]
        for id_, state, reason in independent.run(find):
            if state in session_states.PENDING - {session_states.PROVING}:
                raise SessionCreateError(gettext(
                        'mbank.msg_session_pending_unique'))
            if state == session_states.REFUSED:
                raise SessionCreateError(reason)
            return id_

    def _create(self, request, pin):
        "Make the session with the key that is kept here"
        choice = self._choice(with_key=True)
        vault.check()
        with choice.certificate.signer(pin) as signer:
            return self._create_with(signer, choice, request)

    def _create_with(self, signer, choice, request):
        return session_making.make_here(
            signer, company=choice.company, diks=choice.diks,
            bank_user=choice.bank_user, certificate=choice.certificate,
            end=choice.end, renews=self._renewed_id(), request=request)

    # What was made

    def do_open_(self, action):
        action['views'].reverse()
        return action, {'res_id': [self.result.session_id]}

    @without_check_access
    def do_share_(self, action):
        session_id = self.result.session_id
        if session_id is None and (current := self._current()):
            session_id = current.id
        return action, {
            'model': 'mbank.session',
            'id': session_id,
            'ids': [session_id] if session_id else [],
            }
