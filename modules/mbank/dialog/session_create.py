# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The dialog that makes a session: choose, review, sign, and the result."""
from functools import cached_property

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.pyson import Bool, Eval
from trytond.transaction import without_check_access
from trytond.wizard import (
    Button, StateAction, StateTransition, StateView, Wizard)

from .. import independent
from ..exceptions import SessionCreateError
from ..keyring import vault
from ..keyring.sealed import ForgetfulMixin
from ..rights import EntitledMixin, check_right
from ..sessions import session_making, session_states
from ..signing_ways import SERVER
from .session_again import opened_from
from .session_choice import chosen_before, proposed_values, read_choice
from .session_place import place_of
from .session_result import result_values
from .session_review import review_values
from .session_signing import SigningMixin


class SessionCreate(SigningMixin, EntitledMixin, ForgetfulMixin, Wizard):
    __name__ = 'mbank.session.create'
    _right = 'group_session_create'
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

    @cached_property
    def _place(self):
        "Who asks and for where, read once a request"
        return place_of(opened_from())

    @without_check_access
    def transition_begin(self):
        "Take up the signing, or the proof, that was left, if there is one"
        check_right('group_session_create')
        if job := self._open_job(self._place):
            return self._show_job(job)
        if (unproven := self._unproven()) is not None:
            session_making.prove(unproven)
            return self._show_result(unproven)
        return 'start'

    def _unproven(self):
        "The session that the bank has made and that is not in force yet"
        Session = Pool().get('mbank.session')
        place = self._place
        if place.company is None:
            return None
        return independent.run(
            Session.unproven_of, place.user, place.company)

    # The choice

    def default_start(self, fields):
        check_right('group_session_create')
        if self.start.user:
            return chosen_before(self.start)
        return proposed_values(self._place)

    def _choice(self):
        return read_choice(
            self.start, self._place, with_key=self.start.way == SERVER)

    @without_check_access
    def transition_review_(self):
        "Refuse what cannot be asked for while it can still be changed"
        Configuration = Pool().get('mbank.configuration')
        check_right('group_session_create')
        Configuration(1).check_way(self.start.way)
        vault.check()
        self._choice()
        return 'review'

    @without_check_access
    def default_review(self, fields):
        return review_values(self._choice(), self.start, self._place)

    # The session

    @without_check_access
    def transition_create_(self):
        Configuration = Pool().get('mbank.configuration')
        pin = self.review.pin_password or ''
        self._forget()
        check_right('group_session_create')
        way = self.start.way
        Configuration(1).check_way(way)
        renewed = self._place.renewed
        intent = {
            'renews': renewed.id if renewed else None,
            'request': 'wizard,%s' % self._session_id,
            }
        if way != SERVER:
            if job := self._open_job(self._place):
                # This request is run again, or another window was first.
                return self._show_job(job)
            vault.check()
            return self._start_signing(self._choice(), way, **intent)
        if (done := _made_before(intent['request'])) is None:
            done = self._make_here(pin, **intent)
        return self._show_result(done)

    def _make_here(self, pin, **intent):
        "Make the session with the key that is kept here"
        choice = self._choice()
        vault.check()
        with choice.certificate.signer(pin) as signer:
            return session_making.make_here(
                signer, company=choice.company, diks=choice.diks,
                kinds=choice.kinds, bank_user=choice.bank_user,
                certificate=choice.certificate, end=choice.end, **intent)

    def _show_result(self, session_id):
        self.result.session_id = session_id
        return 'result'

    def default_result(self, fields):
        return result_values(self.result.session_id)

    # What was made

    def do_open_(self, action):
        action['views'].reverse()
        return action, {'res_id': [self.result.session_id]}

    @without_check_access
    def do_share_(self, action):
        session_id = self.result.session_id
        if session_id is None and (current := self._place.current):
            session_id = current.id
        return action, {
            'model': 'mbank.session',
            'id': session_id,
            'ids': [session_id] if session_id else [],
            }


def _made_before(request):
    """The session the request has made already, or None.

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
    return None
