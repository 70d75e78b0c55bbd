# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The part of the dialog that waits for a signature made elsewhere.

Nothing here signs, and no secret passes through: the code of the link is in
the action that opens it and nowhere else, the PIN is the signing program's.
"""
import datetime as dt
from urllib.parse import urlencode

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, without_check_access
from trytond.url import http_host
from trytond.wizard import Button, StateAction, StateTransition, StateView

from .. import gateway, independent
from ..clock import utcnow
from ..exceptions import MBankError, SigningError, SigningJobError
from ..rights import check_right
from ..sessions.session_states import PROVING
from ..signing import signing_steps
from ..signing import signing_states as states
from ..signing.signing_facts import content_of
from ..signing_ways import BY_HAND, WORKSTATION

#: After this a person wonders whether the signer is installed at all.
PATIENCE = dt.timedelta(seconds=20)
LINK = 'mbanksign://sign'


class SigningMixin:
    """The states of a wizard between the choice and the session.

    It offers the dialog:

    * ``_open_job(place)``: the facts of the job the user left open, or None;
    * ``_start_signing(choice, way, **intent)``: make a job of what was
      chosen, its intent having more values (renews, request). The state the
      dialog goes on with;
    * ``_show_job(job)``: the state that shows the job as it is now.

    It asks of the dialog:

    * ``_show_result(session_id)``: the state that shows the session that was
      made;
    * ``_forget()``: keep nothing of what is uploaded.

    Whose job it is, and the right to go on with it, is checked here at each
    transition.
    """

    waiting = StateView(
        'mbank.session.create.waiting',
        'mbank.session_create_waiting_view_form', [
            Button("Close", 'end', 'tryton-close'),
            Button("Cancel Signing", 'cancel_', 'tryton-cancel',
                validate=False),
            Button("Sign by Hand", 'to_hand_', 'tryton-forward',
                validate=False, states={
                    'invisible': ~Bool(Eval('may_sign_by_hand')),
                    }),
            Button("Open the Signer Again", 'signer_', 'tryton-launch',
                validate=False, states={
                    'invisible': ~Bool(Eval('untaken')),
                    }),
            Button("Check", 'check_', 'tryton-refresh', default=True,
                validate=False),
            ])
    by_hand = StateView(
        'mbank.session.create.by_hand',
        'mbank.session_create_by_hand_view_form', [
            Button("Close", 'end', 'tryton-close'),
            Button("Cancel Signing", 'cancel_', 'tryton-cancel',
                validate=False),
            Button("Use the Signature", 'use_signature', 'tryton-ok',
                default=True),
            ])
    over = StateView(
        'mbank.session.create.over',
        'mbank.session_create_over_view_form', [
            Button("Close", 'end', 'tryton-close', default=True),
            ])
    signer_ = StateAction('mbank.url_signer')
    check_ = StateTransition()
    cancel_ = StateTransition()
    to_hand_ = StateTransition()
    use_signature = StateTransition()

    # The job

    @staticmethod
    def _open_job(place):
        "The open job of the user in the present context, or None"
        pool = Pool()
        Session = pool.get('mbank.session')
        SigningJob = pool.get('mbank.signing.job')
        if place.company is None:
            return None
        job_id = independent.run(
            SigningJob.open_of, place.user, Session.key_of(place.company))
        if job_id is None:
            return None
        job = signing_steps.facts_of(job_id)
        if signing_steps.end_outdated(job):
            return None
        return job

    def _start_signing(self, choice, way, **intent):
        "The state after the job was made"
        self._hold(_make_job(choice, way, **intent))
        return 'signer_' if way == WORKSTATION else 'to_hand_'

    def _show_job(self, job):
        "The state that shows the job as it is now"
        self._hold(job.id)
        if job.state == states.DONE:
            if _is_being_proven(job.session):
                return 'waiting'
            return self._show_result(job.session)
        if not job.is_open or signing_steps.end_outdated(job):
            return 'over'
        if job.way == BY_HAND and job.text:
            return 'by_hand'
        return 'waiting'

    def _job(self):
        "The job the dialog shows, which must be the user's own"
        for view in [self.waiting, self.by_hand, self.over]:
            if view.job is not None:
                job = signing_steps.facts_of(view.job)
                if job.user != Transaction().user:
                    break
                return job
        raise SigningJobError.of('mbank.msg_signing_unknown')

    def _hold(self, job_id):
        for view in [self.waiting, self.by_hand, self.over]:
            view.job = job_id

    # On the workstation

    @without_check_access
    def default_waiting(self, fields):
        Configuration = Pool().get('mbank.configuration')
        configuration = Configuration(1)
        job = self._job()
        untaken = job.state == states.WAITING
        late = untaken and job.made + PATIENCE <= utcnow()
        may_sign_by_hand = untaken and configuration.sign_by_hand
        hint = None
        if late:
            hint = gettext('mbank.msg_signing_hint')
            if may_sign_by_hand:
                hint += ' ' + gettext('mbank.msg_signing_hint_by_hand')
        return {
            'job': job.id,
            'job_state': job.state,
            'message': gettext(
                'mbank.msg_signing_waiting' if untaken
                else 'mbank.msg_signing_proving' if job.state == states.DONE
                else 'mbank.msg_signing_half' if job.round == 2
                else 'mbank.msg_signing_taken'),
            'hint': hint,
            'installer': configuration.signer_url if late else None,
            'untaken': untaken,
            'may_sign_by_hand': may_sign_by_hand,
            }

    @without_check_access
    def do_signer_(self, action):
        "Open the signer with a new code, which is stored nowhere"
        SigningJob = Pool().get('mbank.signing.job')
        check_right('group_session_create')
        job = self._job()
        code = independent.run(SigningJob.new_code, job.id)
        if code is None:
            return None
        action['url'] = LINK + '?' + urlencode({
                'v': 1,
                'server': job.origin,
                'database': Transaction().database.name,
                'code': code,
                })
        return action, {}

    @without_check_access
    def transition_signer_(self):
        return self._show_job(self._job())

    @without_check_access
    def transition_check_(self):
        return self._show_job(self._job())

    @without_check_access
    def transition_cancel_(self):
        job = self._job()
        if job.is_open:
            signing_steps.cancel(job)
        return 'end'

    # By hand

    @without_check_access
    def transition_to_hand_(self):
        pool = Pool()
        Configuration = pool.get('mbank.configuration')
        SigningJob = pool.get('mbank.signing.job')
        check_right('group_session_create')
        Configuration(1).check_way(BY_HAND)
        job = self._job()
        if independent.run(SigningJob.take_by_hand, job.id):
            try:
                signing_steps.ask_challenge(
                    signing_steps.facts_of(job.id))
            except MBankError:
                # The job has ended and says why.
                return 'over'
        return self._show_job(signing_steps.facts_of(job.id))

    @without_check_access
    def default_by_hand(self, fields):
        job = self._job()
        content, encoding = gateway.signed_text(job.text or '')
        return {
            'job': job.id,
            'step': gettext('mbank.msg_signing_step', step=job.round),
            'instructions': gettext(
                'mbank.msg_signing_by_hand_first' if job.round == 1
                else 'mbank.msg_signing_by_hand_second'),
            'text_file': content,
            'text_file_name': 'mbank-%s-%s.txt' % (job.id, job.round),
            'encoding': encoding.upper(),
            'round': job.round,
            }

    @without_check_access
    def transition_use_signature(self):
        signature = bytes(self.by_hand.signature or b'')
        round_ = self.by_hand.round
        self._forget()
        check_right('group_session_create')
        job = self._job()
        if job.outdated:
            return self._show_job(job)
        try:
            signing_steps.sign(job, round_, signature)
        except SigningError:
            # Nothing was sent: another file may be chosen.
            raise
        except SigningJobError:
            # Another request was first: show how far it is.
            pass
        except MBankError:
            # The job has ended and says why.
            pass
        return self._show_job(signing_steps.facts_of(job.id))

    @without_check_access
    def default_over(self, fields):
        job = self._job()
        return {
            'job': job.id,
            'reason': job.reason or gettext('mbank.msg_signing_outdated'),
            }


def _make_job(choice, way, **intent):
    "Store the intent and its job; returns the job's id"
    pool = Pool()
    Session = pool.get('mbank.session')
    SigningJob = pool.get('mbank.signing.job')
    User = pool.get('res.user')
    user = User(Transaction().user)
    key = Session.key_of(choice.company)
    certificate = choice.certificate
    return independent.run(
        SigningJob.begin,
        content_of(choice, user.rec_name), choice.diks,
        way=way, job_company=choice.company.id,
        origin=http_host(),
        fingerprint=certificate.fingerprint if certificate else None,
        user=user.id,
        company=choice.company.id if key != 'database' else None,
        context_key=key,
        kinds=choice.kinds,
        bank_user=choice.bank_user,
        certificate=certificate.id if certificate else None,
        certificate_subject=certificate.subject if certificate else None,
        asked_end=choice.end,
        **intent)


def _is_being_proven(session_id):
    """Whether the proof of the session is under way just now.

    One that has a reason waits until the bank can answer.
    """
    Session = Pool().get('mbank.session')

    def is_under_way():
        session = Session(session_id)
        return session.state == PROVING and not session.reason
    return independent.run(is_under_way)
