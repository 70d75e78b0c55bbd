# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The sentence for each reason why there is no signature."""
import datetime as dt

from companynet.errors import TriesLeft
from companynet.signing_reasons import ReasonCode
from trytond.pool import Pool

_MESSAGES = {
    ReasonCode.TOKEN_ABSENT: 'msg_reason_token_absent',
    ReasonCode.TOKEN_REMOVED: 'msg_reason_token_removed',
    ReasonCode.TOKEN_IN_USE: 'msg_reason_token_in_use',
    ReasonCode.TOKEN_LOGGED_IN: 'msg_reason_token_logged_in',
    ReasonCode.TOKEN_NOT_UNLOCKED: 'msg_reason_token_not_unlocked',
    ReasonCode.DRIVER_NOT_LOADED: 'msg_reason_driver_not_loaded',
    ReasonCode.DRIVER_SILENT: 'msg_reason_driver_silent',
    ReasonCode.DRIVER_FAILED: 'msg_reason_driver_failed',
    ReasonCode.KEY_ABSENT: 'msg_reason_key_absent',
    ReasonCode.KEYS_SEVERAL: 'msg_reason_keys_several',
    ReasonCode.KEY_DIGEST: 'msg_reason_key_digest',
    ReasonCode.FILE_ABSENT: 'msg_reason_file_absent',
    ReasonCode.FILE_UNREADABLE: 'msg_reason_file_unreadable',
    ReasonCode.PKCS12_DAMAGED: 'msg_reason_pkcs12_damaged',
    ReasonCode.PKCS12_ENCRYPTION: 'msg_reason_pkcs12_encryption',
    ReasonCode.PKCS12_NO_KEY: 'msg_reason_pkcs12_no_key',
    ReasonCode.PKCS12_KEY_KIND: 'msg_reason_pkcs12_key_kind',
    ReasonCode.PKCS12_CERTIFICATE: 'msg_reason_pkcs12_certificate',
    ReasonCode.PKCS12_MISMATCH: 'msg_reason_pkcs12_mismatch',
    ReasonCode.PIN_WRONG: 'msg_reason_pin_wrong',
    ReasonCode.PIN_EMPTY: 'msg_reason_pin_empty',
    ReasonCode.PIN_LOCKED: 'msg_reason_pin_locked',
    ReasonCode.PIN_LOCKED_NOW: 'msg_reason_pin_locked_now',
    ReasonCode.PIN_NOT_SET: 'msg_reason_pin_not_set',
    ReasonCode.PIN_MISSING: 'msg_reason_pin_missing',
    ReasonCode.PIN_AT_EACH_SIGNATURE: 'msg_reason_pin_at_each_signature',
    ReasonCode.PASSWORD_WRONG: 'msg_reason_password_wrong',
    ReasonCode.DECLINED: 'msg_reason_declined',
    ReasonCode.DECLINED_ON_DEVICE: 'msg_reason_declined_on_device',
    ReasonCode.CERTIFICATE_UNREADABLE: 'msg_reason_certificate_unreadable',
    ReasonCode.CERTIFICATE_NOT_YET_VALID:
        'msg_reason_certificate_not_yet_valid',
    ReasonCode.CERTIFICATE_EXPIRED: 'msg_reason_certificate_expired',
    ReasonCode.CERTIFICATE_USAGE: 'msg_reason_certificate_usage',
    ReasonCode.CERTIFICATE_KEY_KIND: 'msg_reason_certificate_key_kind',
    ReasonCode.CERTIFICATE_NOT_QUALIFIED:
        'msg_reason_certificate_not_qualified',
    ReasonCode.CERTIFICATE_NOT_KNOWN: 'msg_reason_certificate_not_known',
    ReasonCode.CERTIFICATE_REVOKED: 'msg_reason_certificate_revoked',
    ReasonCode.NO_SIGNATURE_SIZE: 'msg_reason_no_signature_size',
    ReasonCode.NO_SIGNATURE_EMPTY: 'msg_reason_no_signature_empty',
    ReasonCode.NO_SIGNATURE_PDF: 'msg_reason_no_signature_pdf',
    ReasonCode.NO_SIGNATURE_XML: 'msg_reason_no_signature_xml',
    ReasonCode.NO_SIGNATURE_MAIL: 'msg_reason_no_signature_mail',
    ReasonCode.NO_SIGNATURE_PRIVATE_KEY: 'msg_reason_no_signature_private_key',
    ReasonCode.NO_SIGNATURE_ZIP: 'msg_reason_no_signature_zip',
    ReasonCode.NO_SIGNATURE_ZIP_DAMAGED: 'msg_reason_no_signature_zip_damaged',
    ReasonCode.NO_SIGNATURE_CONTAINER: 'msg_reason_no_signature_container',
    ReasonCode.NO_SIGNATURE_PEM: 'msg_reason_no_signature_pem',
    ReasonCode.NO_SIGNATURE_SEVERAL: 'msg_reason_no_signature_several',
    ReasonCode.NO_SIGNATURE_CERTIFICATE: 'msg_reason_no_signature_certificate',
    ReasonCode.NO_SIGNATURE_CERTIFICATES_ALONE:
        'msg_reason_no_signature_certificates_alone',
    ReasonCode.NO_SIGNATURE_OTHER_CMS: 'msg_reason_no_signature_other_cms',
    ReasonCode.NO_SIGNATURE_UNKNOWN: 'msg_reason_no_signature_unknown',
    ReasonCode.SIGNATURE_NOT_MADE: 'msg_reason_signature_not_made',
    ReasonCode.SIGNATURE_UNREADABLE: 'msg_reason_signature_unreadable',
    ReasonCode.SIGNATURE_KIND: 'msg_reason_signature_kind',
    ReasonCode.SIGNATURE_NOT_DETACHED: 'msg_reason_signature_not_detached',
    ReasonCode.SIGNATURE_SIGNERS: 'msg_reason_signature_signers',
    ReasonCode.SIGNATURE_DIGEST: 'msg_reason_signature_digest',
    ReasonCode.SIGNATURE_ATTRIBUTES: 'msg_reason_signature_attributes',
    ReasonCode.SIGNATURE_NO_CERTIFICATE: 'msg_reason_signature_no_certificate',
    ReasonCode.SIGNATURE_OTHER_CERTIFICATE:
        'msg_reason_signature_other_certificate',
    ReasonCode.SIGNATURE_BROKEN: 'msg_reason_signature_broken',
    ReasonCode.SIGNATURE_OTHER_TEXT: 'msg_reason_signature_other_text',
    ReasonCode.SIGNATURE_TEXT_DIFFERS: 'msg_reason_signature_text_differs',
    ReasonCode.SIGNATURE_TEXT_SAVED: 'msg_reason_signature_text_saved',
    }

#: What a token tells after a wrong PIN, where it tells it: it has words and no
#: number; low that is not yet the final try leaves two at least.  # S-162
_TRIES = {
    TriesLeft.LOW: 'msg_reason_pin_wrong_low',
    TriesLeft.LAST: 'msg_reason_pin_wrong_last',
    }


def message_of(error):
    "The message that says a SigningError of the library, and its variables"
    code, parameters = error.reason_code, error.parameters
    message = _MESSAGES[code]
    if code is ReasonCode.PIN_WRONG:
        message = _TRIES.get(parameters['tries_left'], message)
    elif code is ReasonCode.SIGNATURE_TEXT_SAVED:
        if parameters['mark'] or parameters['change']:
            message = 'msg_reason_signature_text_changed'
        parameters = {
            'encoding': parameters['encoding'].upper(),
            'wanted': parameters['wanted'].upper()}
    return 'mbank.' + message, {
        name: _shown(value) for name, value in parameters.items()}


def _shown(value):
    "A parameter as a person reads it: of a time the day"
    if isinstance(value, dt.datetime):
        return Pool().get('ir.lang').get().strftime(value.date())
    return value
