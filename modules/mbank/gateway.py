# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The only door to companynet: the bank, its formats and signatures.

Each operation at the bank is written to the audit (mbank.call) and committed
before it leaves, in a transaction of its own, and completed after; so a
caller may be inside a transaction, but must not have locked the records of
the session or of the head office. Each error of the library becomes one
subclass of MBankError with a translated sentence and its outcome.
Operations have the names of the contract  # L-015
"""
import datetime as dt
import logging
import time
from contextlib import contextmanager
from pathlib import Path

import trytond.config as config
from companynet import errors
from companynet.client import CompanyNet
from companynet.domain.order import (
    CreditTransfer, OrderBatch, OrderKind, Party)
from companynet.domain.session import (
    Login, Permission, PermissionConfig, Secret)
from companynet.domain.session import (
    ERP_OPERATIONS as SESSION_OPERATIONS)
from companynet.domain.statement import entry_identities
from companynet.formats import pain001
from companynet.formats import read_statements as _read_statements
from companynet.orders import OrderFile
from companynet.profile import BankProfile
from companynet.signing import (
    Pkcs12Signer, check_usable, read_certificate, read_signature,
    receive_signature, signature_for_bank, signature_text)
from companynet.signing import check_signature as _check_signature
from companynet.signing.signer import bytes_to_sign
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction

from . import exceptions, independent, vault

__all__ = [
    'SESSION_OPERATIONS', 'begin_login', 'certificate_values',
    'check_signature', 'close_login', 'complete_login', 'complete_session',
    'confirm_statements', 'create_session', 'discard_session', 'endpoint',
    'entry_identities', 'fetch_statements', 'finish_session',
    'knows_own_ids', 'load_signer', 'order_result', 'order_status',
    'read_certificate_file', 'read_statements', 'send_orders',
    'signed_text', 'write_orders']

logger = logging.getLogger(__name__)

_CREATE = 'createBackgroundSessionWithSignature'

#: Library error to (our error, message); the most special class that fits
#: is taken.
_ERRORS = {
    errors.TokenAbsent: (
        exceptions.TokenAbsentError, 'msg_token_absent'),
    errors.DriverError: (
        exceptions.KeyStoreError, 'msg_key_store'),
    errors.WrongPin: (
        exceptions.WrongPinError, 'msg_wrong_pin'),
    errors.PinLocked: (
        exceptions.PinLockedError, 'msg_pin_locked'),
    errors.CertificateUnusable: (
        exceptions.CertificateUnusableError, 'msg_certificate_unusable'),
    errors.SigningDeclined: (
        exceptions.SigningDeclinedError, 'msg_signing_declined'),
    errors.SigningError: (
        exceptions.SigningError, 'msg_signing'),
    errors.FormatError: (
        exceptions.StatementFormatError, 'msg_statement_format'),
    errors.OrderError: (
        exceptions.OrderFormatError, 'msg_order_format'),
    errors.ProfileError: (
        exceptions.ProfileError, 'msg_profile'),
    errors.BankUnreachable: (
        exceptions.BankUnreachableError, 'msg_bank_unreachable'),
    errors.BankTimeout: (
        exceptions.BankTimeoutError, 'msg_bank_timeout'),
    errors.AnswerLost: (
        exceptions.AnswerLostError, 'msg_answer_lost'),
    errors.AnswerInvalid: (
        exceptions.AnswerInvalidError, 'msg_answer_invalid'),
    errors.BankThrottled: (
        exceptions.BankThrottledError, 'msg_bank_throttled'),
    errors.PollingExpired: (
        exceptions.PollingExpiredError, 'msg_polling_expired'),
    errors.LoginRefused: (
        exceptions.LoginRefusedError, 'msg_login_refused'),
    errors.CertificateRefused: (
        exceptions.CertificateRefusedError, 'msg_certificate_refused'),
    errors.SignatureRefused: (
        exceptions.SignatureRefusedError, 'msg_signature_refused'),
    errors.DikRefused: (
        exceptions.DIKRefusedError, 'msg_dik_refused'),
    errors.PermissionRefused: (
        exceptions.PermissionRefusedError, 'msg_permission_refused'),
    errors.SessionInvalid: (
        exceptions.SessionInvalidError, 'msg_session_invalid'),
    errors.DuplicateOrder: (
        exceptions.DuplicateOrderError, 'msg_duplicate_order'),
    errors.OrderRefused: (
        exceptions.OrderRefusedError, 'msg_order_refused'),
    errors.OrderGroupUnknown: (
        exceptions.OrderGroupUnknownError, 'msg_order_group_unknown'),
    errors.Refused: (
        exceptions.RefusedError, 'msg_refused'),
    errors.BankError: (
        exceptions.BankError, 'msg_bank_error'),
    }


def _user_error(error):
    "The translated error for one of the library's"
    for class_ in type(error).__mro__:
        if class_ in _ERRORS:
            Error, message = _ERRORS[class_]
            break
    else:
        Error, message = exceptions.MBankError, 'msg_library_error'
    words = ' '.join(filter(None, [
                getattr(error, 'code', None),
                getattr(error, 'bank_text', None)]))
    result = Error.of(
        'mbank.' + message,
        reason=str(error),
        bank_text=words or '-',
        operation=getattr(error, 'operation', '') or '-',
        reference=getattr(error, 'reference', '') or '-')
    if isinstance(error, errors.BankError):
        result.outcome = error.outcome.value
        result.operation = error.operation
        result.reference = error.reference
        result.bank_code = error.code
        result.bank_text = error.bank_text
    result.task_id = getattr(error, 'task_id', None)
    return result


@contextmanager
def _translated():
    try:
        yield
    except errors.CompanyNetError as error:
        raise _user_error(error) from error


def _profile():
    """The bank's profile of the configuration file.

    In the section [mbank]: profile names a JSON file; or endpoint alone.
    """
    path = config.get('mbank', 'profile', default='')
    address = config.get('mbank', 'endpoint', default='')
    with _translated():
        if path:
            return BankProfile.load(Path(path))
        if address:
            return BankProfile.from_mapping({'endpoint': address})
    raise exceptions.ProfileError(gettext('mbank.msg_profile_missing'))


def endpoint():
    "The address of the bank's web service"
    return _profile().endpoint


class _Audited:
    "One operation at the bank, with its record in the audit"

    def __init__(self, operation, **values):
        self._profile = _profile()
        self._started = time.monotonic()
        self._records = []
        Call = Pool().get('mbank.call')
        self._call_id = independent.run(Call.begin, operation, **values)

    def _line(self, record):
        self._records.append(record)

    def run(self, function):
        "Call the function with a client of the bank, return its result"
        outcome, code = 'unknown', None
        try:
            with CompanyNet(self._profile, on_call=self._line) as bank:
                result = function(bank)
            outcome = 'accepted'
            return result
        except errors.BankError as error:
            outcome, code = error.outcome.value, error.code
            raise
        except errors.CompanyNetError:
            outcome = 'refused' if self._records else 'not_sent'
            raise
        finally:
            self._end(outcome, code)

    def _end(self, outcome, code):
        Call = Pool().get('mbank.call')
        try:
            independent.run(
                Call.end, self._call_id, outcome,
                bank_code=code,
                reference=(
                    self._records[-1].reference if self._records else None),
                duration=dt.timedelta(
                    seconds=time.monotonic() - self._started),
                details='\n'.join(
                    '%s %s %.3f s %s' % (
                        r.operation, r.outcome, r.duration, r.reference)
                    for r in self._records))
        except Exception:
            # An answer of the bank is worth more than its record, which
            # stays "under way".
            logger.exception("end of call %s not recorded", self._call_id)


def _with_session(operation, session, company, function):
    """Make calls on the session for the head office.

    function gets the client, the token and the DIK. A session that the bank
    does not know any more is marked here at once, so that nothing tries it
    again.
    """
    Session = Pool().get('mbank.session')
    token = vault.open_stored(session, 'token')
    if token is None:
        raise exceptions.SessionNotLiveError(gettext(
                'mbank.msg_session_no_token', session=session.rec_name))
    secret = Secret(token.decode())
    dik = company.mbank_dik if company else None
    audited = _Audited(
        operation,
        company=company.id if company else None,
        dik=dik,
        authoriser=session.user.id,
        session=session.id)
    try:
        with _translated():
            return audited.run(lambda bank: function(bank, secret, dik))
    except exceptions.SessionInvalidError as error:
        independent.run(
            Session.mark_invalid, session.id, error.message)
        raise


def fetch_statements(session, company, date_from, date_to):
    """Ask for the statements of the days and wait for them.

    Returns the library's package: task_id, and reports as a tuple of bytes,
    empty if there are none. Confirm it after the work is committed.
    """
    return _with_session(
        'getMT940Ex', session, company,
        lambda bank, token, dik: bank.statements.fetch(
            token, dik, date_from, date_to))


def confirm_statements(session, company, task_id):
    "Tell the bank that the reports of the task are kept"
    return _with_session(
        'confirmResponseReceived', session, company,
        lambda bank, token, dik: bank.statements.confirm(
            token, dik, task_id))


def send_orders(session, company, *, client_order_group_id, file_name, data,
        modified_at):
    """Send an order file and wait for the bank's answer.

    modified_at is an aware datetime. Returns the library's task_id and
    group_id. An error whose outcome is 'unknown' or 'accepted' means that
    the bank may have the orders: ask order_status, never send again.
    """
    file = OrderFile(
        client_order_group_id=client_order_group_id,
        file_name=file_name,
        data=data,
        modified_at=modified_at)
    return _with_session(
        'universalPaymentSend', session, company,
        lambda bank, token, dik: bank.orders.send(token, dik, file))


def order_result(session, company, task_id):
    "Ask again for the result of a sending; task_id and group_id"
    return _with_session(
        'checkPaymentSendResult', session, company,
        lambda bank, token, dik: bank.orders.result(token, dik, task_id))


def order_status(session, company, group_id):
    """The states of the orders of a group, by the bank's id or by ours.

    Raises OrderGroupUnknownError if the bank knows no such group.
    """
    return _with_session(
        'getStatus', session, company,
        lambda bank, token, dik: bank.orders.status(token, dik, group_id))


def finish_session(session):
    "End the session at the bank; its token must still be here"
    return _with_session(
        'finishBackgroundSession', session, None,
        lambda bank, token, dik: bank.sessions.finish(token))


def load_signer(content, pin):
    """Open a PKCS#12 for signing; the PIN is kept nowhere.

    Raises WrongPinError or KeyStoreError.
    """
    with _translated():
        return Pkcs12Signer.load(content, Secret(pin))


def certificate_values(signer):
    "What a person and the ERP need to know of the signer's certificate"
    return _certificate_values(signer.certificate)


def read_certificate_file(content):
    """What the public part of a certificate says; DER or PEM.

    Raises KeyStoreError.
    """
    with _translated():
        return _certificate_values(read_certificate(content))


def _certificate_values(info):
    return {
        'name': info.common_name or info.subject,
        'subject': info.subject,
        'issuer': info.issuer,
        'serial': info.serial_hex,
        'valid_from': _naive(info.valid_from),
        'valid_to': _naive(info.valid_to),
        'fingerprint': info.sha256,
        }


def signed_text(text):
    """A text of the bank as the bytes to be signed, and their encoding.

    There is no byte-order mark.
    """
    profile = _profile()
    with _translated():
        return bytes_to_sign(text, profile), profile.challenge_encoding


def check_signature(data, text, fingerprint=None):
    """Check a signature made elsewhere over a text of the bank.

    data is what the signing program made, in any of its forms; fingerprint
    that of the certificate it must be by, None for any. Nothing is sent.
    Returns the signature (DER) and the values of its certificate.

    Raises SigningError, or CertificateUnusableError, with what is wrong.
    """
    content, _ = signed_text(text)
    try:
        read_signature(data)
    except errors.SigningError as error:
        raise exceptions.SigningError.of(
            'mbank.msg_signing_unreadable', reason=str(error)) from error
    try:
        signature = receive_signature(data, text, _profile())
        certificate = _check_signature(signature, content)
    except errors.CertificateUnusable as error:
        raise _user_error(error) from error
    except errors.SigningError as error:
        raise exceptions.SigningError.of(
            'mbank.msg_signing_not_right', reason=str(error)) from error
    with _translated():
        info = read_certificate(certificate)
    if fingerprint is not None and info.sha256 != fingerprint:
        raise exceptions.CertificateUnusableError.of(
            'mbank.msg_signing_other_certificate',
            certificate=info.common_name or info.subject)
    return signature, _certificate_values(info)


def _asked(diks, end):
    return PermissionConfig(
        end_time=end.replace(tzinfo=dt.timezone.utc),
        permissions=tuple(Permission(dik) for dik in diks))


def _log_in(bank, dik, bank_user, asked, signature):
    "Log in with the signed challenge and ask for the session text"
    login = bank.sessions.login(dik, bank_user, signature)
    try:
        if login.confirmations_required:
            raise errors.LoginRefused(
                "the bank wants %s more people to confirm the login of %s; "
                "ask the bank for a user who may sign alone" % (
                    login.confirmations_required, bank_user),
                operation='loginWithSignature')
        return login, bank.sessions.session_text(login, dik, asked)
    except BaseException:
        _log_out(bank, login.token)
        raise


def _make(bank, login, dik, asked, signature):
    "Make the session with its signed text; the login is over after"
    try:
        return bank.sessions.create(login, dik, asked, signature)
    finally:
        _log_out(bank, login.token)


def _log_out(bank, token):
    try:
        bank.sessions.logout(token)
    except errors.BankError:
        # A login ends by itself, and the record of the call tells.
        return


def _run_step(operation, function, *, dik=None, session_id, company_id=None):
    "One step of making a session, as the user of the transaction"
    audited = _Audited(
        operation, dik=dik, authoriser=Transaction().user,
        session=session_id, company=company_id)
    try:
        with _translated():
            return audited.run(function)
    except exceptions.MBankError as error:
        # A login is no session: only the last call makes one.
        error.session_may_exist = (
            error.operation == _CREATE
            and error.outcome in {'unknown', 'accepted'})
        raise


def _made(session):
    return (
        session.token.reveal().encode(),
        _naive(session.granted.end_time_utc),
        {p.dik: sorted(p.operations) for p in session.granted.permissions})


def begin_login(*, dik, bank_user, session_id, company_id=None):
    "Ask for the challenge: the first text to be signed"
    return _run_step(
        'initLoginWithSignature',
        lambda bank: bank.sessions.login_challenge(dik, bank_user),
        dik=dik, session_id=session_id, company_id=company_id)


def complete_login(signature, *, diks, bank_user, end, session_id,
        company_id=None):
    """Log in with the signed challenge and ask for the session text.

    signature is what check_signature returned, the rest as for
    create_session. Returns the token of the login as bytes, to be sealed at
    once, and the second text to be signed. After an error there is no login,
    or one that ends by itself.
    """
    dik, asked, profile = diks[0], _asked(diks, end), _profile()

    def log_in(bank):
        login, text = _log_in(
            bank, dik, bank_user, asked, signature_text(signature, profile))
        return login.token.reveal().encode(), text
    return _run_step(
        'loginWithSignature', log_in,
        dik=dik, session_id=session_id, company_id=company_id)


def complete_session(token, signature, *, diks, end, session_id,
        company_id=None):
    """Make the session with its signed text, and end the login.

    token is that of the login. Returns and raises as create_session.
    """
    dik, asked, profile = diks[0], _asked(diks, end), _profile()
    login = Login(token=Secret(token.decode()), confirmations_required=0)
    return _run_step(
        _CREATE,
        lambda bank: _made(_make(
                bank, login, dik, asked, signature_text(signature, profile))),
        dik=dik, session_id=session_id, company_id=company_id)


def close_login(token):
    """End a login of which nothing comes; one the bank forgot is no error.

    Raises an MBankError if the bank could not be asked.
    """
    try:
        _run_step(
            'logout',
            lambda bank: bank.sessions.logout(Secret(token.decode())),
            session_id=None)
    except exceptions.RefusedError:
        return


def create_session(signer, *, diks, bank_user, end, session_id,
        company_id=None):
    """Make a long-lived session at the bank with a key that is here.

    diks are the customer numbers to cover (the first is logged in for), end
    a naive datetime in UTC, session_id the committed record of the intent.
    Returns the token as bytes, the end granted (naive, UTC) and the names of
    the operations granted by DIK.

    The error's attribute session_may_exist says whether the bank may have
    made a session.
    """
    dik, asked, profile = diks[0], _asked(diks, end), _profile()

    def open_session(bank):
        check_usable(signer.certificate, dt.datetime.now(dt.timezone.utc))
        challenge = bank.sessions.login_challenge(dik, bank_user)
        login, text = _log_in(
            bank, dik, bank_user, asked,
            signature_for_bank(signer, challenge, profile))
        try:
            signature = signature_for_bank(signer, text, profile)
        except BaseException:
            _log_out(bank, login.token)
            raise
        return _made(_make(bank, login, dik, asked, signature))
    return _run_step(
        _CREATE, open_session,
        dik=dik, session_id=session_id, company_id=company_id)


def discard_session(token, session_id):
    "End a session at the bank that could not be kept here"
    audited = _Audited(
        'finishBackgroundSession', authoriser=Transaction().user,
        session=session_id)
    with _translated():
        audited.run(
            lambda bank: bank.sessions.finish(Secret(token.decode())))


def knows_own_ids():
    "Whether the bank finds an order group by the identity we gave it"  # L-011
    return _profile().status_by_client_id


def read_statements(data, source):
    "The statements of a file; StatementFormatError names the place"
    with _translated():
        return _read_statements(data, source)


def write_orders(batch):
    """The bytes of an order file, validated.

    batch is a dictionary named as the library's OrderBatch, its orders and
    their parties, with dates, Decimals and an aware created_at.
    """
    with _translated():
        return pain001.write(OrderBatch(
                message_id=batch['message_id'],
                created_at=batch['created_at'],
                initiating_party=batch['initiating_party'],
                orders=tuple(map(_order, batch['orders']))))


def _order(values):
    return CreditTransfer(**{
            **values,
            'kind': OrderKind[values['kind'].upper()],
            'debtor': _party(values['debtor']),
            'creditor': _party(values['creditor']),
            })


def _party(values):
    return Party(**{
            **values,
            'address_lines': tuple(values.get('address_lines') or ()),
            })


def _naive(time):
    return time.astimezone(dt.timezone.utc).replace(
        tzinfo=None, microsecond=0)
