# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The steps of a signing job: what is stored, what the bank is asked, in turn.

The signer on the workstation and the person who signs by hand take the same
steps. Each begins by moving the job (signing_job.py), so that a request that
is run again, or comes twice, does not ask the bank twice.
"""
import datetime as dt
import logging
from contextlib import contextmanager

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

from .. import gateway, independent
from ..clock import utcnow
from ..exceptions import (
    MBankError, SigningJobBusyError, SigningJobRightError, SigningJobRoundError)
from ..keyring import vault
from ..sessions import session_making
from . import signing_states as states

#: A round that is under way when the time of its job is over takes less.
GRACE = dt.timedelta(minutes=5)
#: A login is over by itself after this.  # L-457
LOGIN_LIFE = dt.timedelta(hours=1)

logger = logging.getLogger(__name__)


def _jobs():
    return Pool().get('mbank.signing.job')


def facts_of(job_id):
    "What is known of the job now"
    return independent.run(_jobs().facts, job_id)


@contextmanager
def acting(job):
    """Work as the user of the job, in that user's language.

    The signer has no session of the ERP: its code or ticket stands for the
    user, for this job alone.
    """
    transaction = Transaction()
    context = {'language': job.language} if job.language else {}
    with transaction.set_user(job.user), \
            transaction.set_context(context), \
            without_check_access():
        yield


def check_right(job):
    """Make sure that the user may still create sessions; else end the job.

    Raises SigningJobRightError.
    """
    if job.entitled:
        return
    with acting(job):
        error = SigningJobRightError.of(
            'mbank.msg_signing_right_lost', user=job.user_name)
    stop(job, states.FAILED, error.message)
    raise error


def ask_challenge(job):
    """Ask the bank for the first text, for a job that was just taken.

    Raises an MBankError after which the job has ended.
    """
    with acting(job), _ending(job):
        # A copied database asks the bank for nothing.
        vault.check()
        text = gateway.begin_login(
            dik=job.diks[0], bank_user=job.bank_user,
            session_id=job.session, company_id=job.company)
        independent.run(_jobs().keep_challenge, job.id, text)


def sign(job, round_, signature):
    """Use the signature of a round: check it, then ask the bank.

    signature is what a signing program made, in any of its forms. After the
    first round the job has the second text, after the second the session is
    made.

    Raises SigningError if the signature is not right: nothing was sent, the
    job goes on. SigningJobRoundError or SigningJobBusyError if this round is
    not due. After any other MBankError the job has ended.
    """
    if (job.state not in states.SIGNING or job.round != round_
            or job.is_under_way):
        raise SigningJobRoundError.of('mbank.msg_signing_round')
    check_right(job)
    with acting(job):
        checked, certificate = gateway.check_signature(
            signature, job.text, job.fingerprint)
        independent.run(_jobs().use_signature, job.id, job.state, round_)
        with _ending(job):
            if round_ == 1:
                _log_in(job, checked, certificate)
            else:
                _make_session(job, checked, certificate)


def _log_in(job, signature, certificate):
    token, text = gateway.complete_login(
        signature, diks=job.diks, operations=job.operations,
        bank_user=job.bank_user, end=job.end, session_id=job.session,
        company_id=job.company)
    try:
        independent.run(
            _jobs().keep_login, job.id, token, text,
            certificate['fingerprint'])
    except Exception:
        gateway.close_login(token)
        raise


def _make_session(job, signature, certificate):
    login = _login_of(job.id)
    token, end, granted = gateway.complete_session(
        login, signature, diks=job.diks, operations=job.operations,
        end=job.end, session_id=job.session, company_id=job.company)
    session_making.store_made(
        job.session, token,
        _jobs().finish, job.id, token, end, granted, certificate)
    _close_login(
        job.id, session_id=job.session, company_id=job.company)
    session_making.prove(job.session)


def _login_of(job_id):
    Job = _jobs()
    return independent.run(
        lambda: vault.open_stored(Job(job_id), 'login_token'))


@contextmanager
def _ending(job):
    "End the job with what went wrong at the bank or after"
    try:
        yield
    except MBankError as error:
        reason = session_making.may_exist_reason(error, job.end, None)
        stop(job, states.FAILED, reason or error.message,
            session_reason=reason)
        raise
    except Exception:
        _left(job)
        raise


def _left(job):
    "End a job that was left with a call under way"
    reason = session_making.unknown_reason(job.end, None)
    stop(job, states.FAILED, reason, session_reason=reason)


def decline(job, reason):
    """End the job: the person at the signer said no, or could not sign.

    Raises SigningJobBusyError if the bank may be making the session.
    """
    _take_back(job, states.DECLINED, reason)


def cancel(job):
    """End the job: the person in the ERP wants it no more.

    Raises SigningJobBusyError if the bank may be making the session.
    """
    with acting(job):
        reason = gettext('mbank.msg_signing_cancelled', user=job.user_name)
    _take_back(job, states.CANCELLED, reason)


def _take_back(job, after, reason):
    if job.may_be_made or not stop(
            job, after, reason, signatures=job.signatures):
        raise SigningJobBusyError.of('mbank.msg_signing_busy')


def stop(job, after, reason, *, session_reason=None, signatures=None):
    """End a job of which nothing comes, and its login at the bank.

    With session_reason the session stays, refused; else it is removed.
    signatures is how many must have been taken, None for any. Returns
    whether the job was open.
    """
    with acting(job):
        stopped = independent.run(
            _jobs().stop, job.id, after, reason, signatures=signatures,
            session_reason=session_reason)
        if stopped:
            _close_login(job.id)
    return stopped


def _close_login(job_id, **made):
    "Close the login of an ended job; if it cannot the cron tries again"
    try:
        token = _login_of(job_id)
        if token is not None:
            gateway.close_login(token, **made)
    except MBankError as error:
        logger.warning("login of signing job %s: %s", job_id, error.message)
        return
    independent.run(_jobs().forget_login, job_id)


def clean():
    "End what is outdated or was left by a process that died"
    Job = _jobs()
    outdated, ended = independent.run(Job.to_clean, utcnow() - GRACE)
    for job_id in outdated:
        end_outdated(facts_of(job_id))
    for job_id in ended:
        job = facts_of(job_id)
        with acting(job):
            if job.ticket_until + LOGIN_LIFE <= utcnow():
                independent.run(Job.forget_login, job_id)
            else:
                _close_login(job_id)


def end_outdated(job):
    """End a job whose time is over, unless the bank is being asked just now.

    Returns whether it is over.
    """
    if not job.outdated:
        return False
    if job.is_under_way and job.ticket_until + GRACE > utcnow():
        return False
    with acting(job):
        if job.may_be_made:
            # The process died with the last call under way.
            _left(job)
            Session = Pool().get('mbank.session')
            independent.run(Session.tell_interrupted, job.session)
        else:
            reason = gettext('mbank.msg_signing_outdated')
            stop(job, states.OUTDATED, reason, session_reason=reason)
    return True
