# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The library's errors as translated errors of the ERP, each with its outcome."""
from contextlib import contextmanager

from companynet import errors
from trytond.i18n import gettext

from .. import exceptions

#: Library error to (our error, message); the most special class that fits
#: is taken. None where the message is by the reason.
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
        exceptions.CertificateUnusableError, None),
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
    errors.NotRecorded: (
        exceptions.NotRecordedError, 'msg_not_recorded'),
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

#: What a token tells after a wrong PIN, where it tells it.
_TRIES = {
    errors.TriesLeft.LOW: 'msg_wrong_pin_low',
    errors.TriesLeft.LAST: 'msg_wrong_pin_last',
    }

#: Why a certificate cannot be used.
_UNUSABLE = {
    errors.UnusableReason.NOT_YET_VALID: 'msg_certificate_not_yet_valid',
    errors.UnusableReason.EXPIRED: 'msg_certificate_over',
    errors.UnusableReason.USAGE: 'msg_certificate_usage',
    errors.UnusableReason.KEY_KIND: 'msg_certificate_key_kind',
    errors.UnusableReason.NOT_QUALIFIED: 'msg_certificate_not_qualified',
    errors.UnusableReason.NOT_KNOWN: 'msg_certificate_not_known',
    errors.UnusableReason.REVOKED: 'msg_certificate_revoked',
    }


def unusable_message(unusable):
    "The sentence on a certificate that cannot be used, None for None"
    if unusable is None:
        return None
    return gettext('mbank.' + _UNUSABLE[unusable.reason])


def _kind_of(error):
    "Our error and the message for one of the library's"
    for class_ in type(error).__mro__:
        if class_ in _ERRORS:
            Error, message = _ERRORS[class_]
            break
    else:
        Error, message = exceptions.MBankError, 'msg_library_error'
    if isinstance(error, errors.WrongPin):
        message = _TRIES.get(error.tries_left, message)
    elif isinstance(error, errors.CertificateUnusable):
        message = _UNUSABLE[error.reason]
    return Error, message


def user_error(error):
    "The translated error for one of the library's"
    Error, message = _kind_of(error)
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
def translated():
    try:
        yield
    except errors.CompanyNetError as error:
        raise user_error(error) from error
