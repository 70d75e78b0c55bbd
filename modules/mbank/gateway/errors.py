# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The library's errors as translated errors of the ERP, each with its outcome."""
from contextlib import contextmanager

from companynet import errors

from .. import exceptions

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


def user_error(error):
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
def translated():
    try:
        yield
    except errors.CompanyNetError as error:
        raise user_error(error) from error
