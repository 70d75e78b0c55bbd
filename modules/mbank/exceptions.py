# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What the module tells a person, one class for each kind."""
from trytond.exceptions import UserError, UserWarning
from trytond.i18n import gettext
from trytond.model.exceptions import ValidationError


class MBankError(UserError):
    """What a call to the bank, or its preparation, ended in.

    outcome is what is known of the bank's side: 'not_sent', 'unknown',
    'refused' or 'accepted'. Callers branch on the class and on the outcome,
    never on the text. session_may_exist says that the bank may have made a
    long-lived session of which nobody has the token.
    """
    outcome = 'not_sent'
    operation = ''
    reference = ''
    bank_code = None
    bank_text = None
    task_id = None
    session_may_exist = False
    _sentence = None

    @classmethod
    def of(cls, message_id, **variables):
        """The error with a sentence that can be said in other languages too.

        A variable may be such an error itself.
        """
        error = cls(_said(message_id, variables))
        error._sentence = message_id, variables
        return error

    def in_language(self, language):
        "The sentence in the language, if it can be said in it"
        if self._sentence is None:
            return self.message
        return _said(*self._sentence, language)


def _said(message_id, variables, language=None):
    return gettext(message_id, language, **{
            name: value.in_language(language)
            if isinstance(value, MBankError) else value
            for name, value in variables.items()})


class DIKValidationError(ValidationError):
    pass


class DIKSharedWarning(UserWarning):
    pass


class ConfigurationValidationError(ValidationError):
    pass


class ConfigurationContextError(ValidationError):
    pass


class TransitionError(MBankError):
    "A record does not go from the one state to the other"


class SessionCreateError(MBankError):
    pass


class SessionProofError(MBankError):
    "The session that was made does not serve; what it replaces stays"
    outcome = 'refused'


class SessionRenewError(MBankError):
    pass


class CertificateRegisterError(MBankError):
    pass


class SigningJobError(MBankError):
    pass


class SigningJobUnknownError(SigningJobError):
    pass


class SigningJobBusyError(SigningJobError):
    pass


class SigningJobRoundError(SigningJobError):
    pass


class SigningJobOriginError(SigningJobError):
    pass


class SigningJobRightError(SigningJobError):
    pass


class SigningJobMessageError(SigningJobError):
    pass


class SigningJobSizeError(SigningJobMessageError):
    pass


class SigningAttemptsError(SigningJobError):
    pass


class MissingDIKError(MBankError):
    pass


class NoSessionError(MBankError):
    pass


class SessionNotLiveError(MBankError):
    pass


class SessionNotCoveringError(MBankError):
    pass


class KeyRingError(MBankError):
    pass


class DatabaseNotAdoptedError(MBankError):
    pass


class DatabaseRestoredError(MBankError):
    pass


class SealedValueError(MBankError):
    pass


class ShareEnvelopeError(MBankError):
    pass


class ProfileError(MBankError):
    pass


class StatementFormatError(MBankError):
    pass


class OrderFormatError(MBankError):
    pass


class SigningError(MBankError):
    pass


class TokenAbsentError(SigningError):
    pass


class KeyStoreError(SigningError):
    pass


class WrongPinError(SigningError):
    pass


class KeptPinError(WrongPinError):
    pass


class PinLockedError(SigningError):
    pass


class CertificateUnusableError(SigningError):
    pass


class SigningDeclinedError(SigningError):
    pass


class KeyNotAllowedError(SigningError):
    pass


class KeyBusyError(SigningError):
    pass


class PinNotKeptError(SigningError):
    pass


class LastTryError(SigningError):
    pass


class BankError(MBankError):
    outcome = 'unknown'


class BankUnreachableError(BankError):
    pass


class BankTimeoutError(BankError):
    pass


class AnswerLostError(BankError):
    pass


class AnswerInvalidError(BankError):
    pass


class BankThrottledError(BankError):
    pass


class BankBusyError(BankError):
    pass


class FaultUnlistedError(BankError):
    "It reads like a refusal and is none: the bank may have acted"


class PollingExpiredError(BankError):
    pass


class NotRecordedError(BankError):
    pass


class RefusedError(BankError):
    pass


class LoginRefusedError(RefusedError):
    pass


class CertificateRefusedError(RefusedError):
    pass


class SignatureRefusedError(RefusedError):
    pass


class DIKRefusedError(RefusedError):
    pass


class PermissionRefusedError(RefusedError):
    pass


class SessionInvalidError(RefusedError):
    pass


class DuplicateOrderError(RefusedError):
    pass


class OrderRefusedError(RefusedError):
    pass


class OrderGroupUnknownError(RefusedError):
    pass


class CallExportError(MBankError):
    pass


class StatementImportError(MBankError):
    pass


class StatementKnownWarning(UserWarning):
    pass


class DownloadError(MBankError):
    pass


class MBankPaymentError(MBankError):
    pass


class PaymentApprovalError(MBankPaymentError):
    pass


class PaymentAtBankError(MBankPaymentError):
    pass


class PaymentAtBankWarning(UserWarning):
    pass


class OrderBatchError(MBankError):
    pass


class OrderIntentError(MBankError):
    pass


class ConnectionStringValidationError(ValidationError):
    pass


class UnverifiedWarning(UserWarning):
    pass


class FingerprintError(MBankError):
    pass


class TargetError(MBankError):
    pass


class TargetKeyError(TargetError):
    "The target shows another key than people have compared, or none yet"


class TargetUnreachableError(TargetError):
    pass


class TargetAccessError(TargetError):
    pass


class TargetNotReadyError(TargetError):
    pass


class TargetUserError(TargetError):
    pass


class TargetHeadOfficeError(TargetError):
    pass


class ShareError(MBankError):
    pass


class ShareRefusedError(MBankError):
    pass
