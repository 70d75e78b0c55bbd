# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The library's errors as translated errors of the ERP, each with its outcome."""
from contextlib import contextmanager

from companynet import errors

from .. import exceptions
from .operations import operation_text
from .reasons import message_of

#: Errors of signing to ours; their message is by their reason. In both tables
#: the most special class that fits is taken.
_SIGNING_ERRORS = {
    errors.TokenAbsent: exceptions.TokenAbsentError,
    errors.DriverError: exceptions.KeyStoreError,
    errors.WrongPin: exceptions.WrongPinError,
    errors.PinLocked: exceptions.PinLockedError,
    errors.CertificateUnusable: exceptions.CertificateUnusableError,
    errors.SigningDeclined: exceptions.SigningDeclinedError,
    errors.SigningError: exceptions.SigningError,
    }

#: Other errors to (our error, message).
_ERRORS = {
    errors.FormatError: (
        exceptions.StatementFormatError, 'msg_statement_format'),
    errors.OrderError: (
        exceptions.OrderFormatError, 'msg_order_format'),
    errors.IntentError: (
        exceptions.OrderIntentError, 'msg_order_intent'),
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
    errors.BankBusy: (
        exceptions.BankBusyError, 'msg_bank_busy'),
    errors.UnlistedFault: (
        exceptions.FaultUnlistedError, 'msg_fault_unlisted'),
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


def _of_class(table, error, default=None):
    return next(
        (table[class_] for class_ in type(error).__mro__ if class_ in table),
        default)


def user_error(error):
    "The translated error for one of the library's"
    if isinstance(error, errors.SigningError):
        message, variables = message_of(error)
        return _of_class(_SIGNING_ERRORS, error).of(message, **variables)
    Error, message = _of_class(
        _ERRORS, error, (exceptions.MBankError, 'msg_library_error'))
    words = ' '.join(filter(None, [
                getattr(error, 'code', None),
                getattr(error, 'bank_text', None)]))
    if isinstance(error, errors.AnswerInvalid) and words:
        # The server failed, and what it said of it is for people.
        message = 'msg_fault_unlisted'
    result = Error.of(
        'mbank.' + message,
        reason=str(error),
        bank_text=words or '-',
        operation=operation_text(getattr(error, 'operation', '') or '-'),
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
