# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Sessions: their making in steps or in one go, and their end.

Operations have the names of the contract  # L-015
"""
import logging

from companynet.domain.session import (
    Login, Permission, PermissionConfig, Secret)
from companynet.sessions import proof_of
from companynet.signing import signature_text
from trytond.transaction import Transaction

from .. import exceptions
from ..clock import aware, stored
from .connection import Audited, bank_profile
from .errors import translated
from .policy import check_certificate, signing_policy

logger = logging.getLogger(__name__)

_CREATE = 'createBackgroundSessionWithSignature'


def _asked(diks, operations, end):
    operations = frozenset(operations)
    return PermissionConfig(
        end_time=aware(end),
        permissions=tuple(Permission(dik, operations) for dik in diks))


def _run_step(operation, function, *, session_id, company_id=None):
    "One step of making a session, as the user of the transaction"
    audited = Audited(
        operation, authoriser=Transaction().user,
        session=session_id, company=company_id)
    try:
        with translated():
            return audited.run(function)
    except exceptions.MBankError as error:
        # A login is no session: only the last call makes one.
        if (error.operation == _CREATE
                and error.outcome in {'unknown', 'accepted'}):
            error.session_may_exist = True
        raise


def _made(session):
    if session.doubt:
        logger.warning("a session the bank has made: %s", session.doubt)
    return (
        session.token.reveal().encode(),
        stored(session.granted.end_time_utc),
        {p.dik: sorted(p.operations) for p in session.granted.permissions})


def begin_login(*, dik, bank_user, session_id, company_id=None):
    "Ask for the challenge: the first text to be signed"
    return _run_step(
        'initLoginWithSignature',
        lambda bank: bank.sessions.login_challenge(dik, bank_user),
        session_id=session_id, company_id=company_id)


def complete_login(signature, *, diks, operations, bank_user, end,
        session_id, company_id=None):
    """Log in with the signed challenge and ask for the session text.

    signature is what check_signature returned, the rest as for
    create_session. Returns the token of the login as bytes, to be sealed at
    once, and the second text to be signed. After an error there is no login,
    or one that ends by itself.
    """
    dik, profile = diks[0], bank_profile()
    asked = _asked(diks, operations, end)

    def log_in(bank):
        login, text = bank.sessions.begin_session(
            dik, bank_user, signature_text(signature, profile), asked)
        return login.token.reveal().encode(), text
    return _run_step(
        'loginWithSignature', log_in,
        session_id=session_id, company_id=company_id)


def complete_session(token, signature, *, diks, operations, end, session_id,
        company_id=None):
    """Make the session with its signed text.

    token is that of the login, which is still to be closed. Returns the token
    of the session as bytes, to be stored at once, the end granted (naive,
    UTC) and the names of the operations granted by DIK.

    The error's session_may_exist says whether the bank may have made a
    session.
    """
    dik, profile = diks[0], bank_profile()
    asked = _asked(diks, operations, end)
    login = Login(token=Secret(token.decode()), confirmations_required=0)
    return _run_step(
        _CREATE,
        lambda bank: _made(bank.sessions.create(
                login, dik, asked, signature_text(signature, profile))),
        session_id=session_id, company_id=company_id)


def close_login(token, *, session_id=None, company_id=None):
    """End a login; one the bank forgot is no error.

    session_id and company_id are of the session that was made with it, if one
    was. Raises an MBankError if the bank could not be asked.
    """
    try:
        _run_step(
            'logout',
            lambda bank: bank.sessions.logout(Secret(token.decode())),
            session_id=session_id, company_id=company_id)
    except exceptions.RefusedError:
        return


def create_session(signer, *, diks, operations, bank_user, end, session_id,
        keep, company_id=None):
    """Make a long-lived session at the bank with a key that is here.

    diks are the customer numbers to cover (the first is logged in for),
    operations what operations_of says for the kinds, end a naive datetime in
    UTC, session_id the committed record of the intent.
    keep stores what complete_session returns: it is called as soon as the
    bank has answered, before the login is ended, and what it raises is
    raised.

    The error's session_may_exist says whether the bank may have made a
    session.
    """
    dik, asked = diks[0], _asked(diks, operations, end)
    check_certificate(signer.certificate)
    policy = signing_policy()
    _run_step(
        _CREATE,
        lambda bank: bank.sessions.open(
            dik, bank_user, asked, signer, policy=policy,
            keep=lambda made: keep(*_made(made))),
        session_id=session_id, company_id=company_id)


def prove_session(token, *, dik, operations, session_id, authoriser,
        company_id=None):
    """Show by one call that changes nothing that a session lives for the DIK.

    operations are those granted for it: can_prove says whether they serve.
    Raises SessionInvalidError, PermissionRefusedError or DIKRefusedError if
    it does not; after any other MBankError nothing is known.
    """
    audited = Audited(
        proof_of(operations), authoriser=authoriser, session=session_id,
        company=company_id, by_result=True)
    with translated():
        audited.run(lambda bank: bank.sessions.prove(
                Secret(token.decode()), dik, frozenset(operations)))


def finish_session(token, *, session_id, authoriser):
    """End a session at the bank; it may be asked again.

    Raises SessionInvalidError if it has ended there before.
    """
    audited = Audited(
        'finishBackgroundSession', authoriser=authoriser, session=session_id)
    with translated():
        audited.run(
            lambda bank: bank.sessions.finish(Secret(token.decode())))
