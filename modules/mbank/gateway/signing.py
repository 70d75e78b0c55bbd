# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Signatures and certificates: keys that are here, signatures made elsewhere."""
import secrets
import time

from companynet import errors, signing
from companynet.domain.session import Secret
from companynet.signing import (
    Pkcs12Signer, read_certificate, receive_signature)
from companynet.signing.signer import bytes_to_sign

from .. import exceptions
from ..clock import stored
from .connection import bank_profile
from .errors import translated, user_error
from .policy import check_certificate, signing_policy

#: Says itself what it is, to whoever comes upon its signature.
_PROBE = "MBankPluginV2: test of a key, neither an order nor a login. "


def load_signer(content, pin):
    """Open a PKCS#12 for signing; the PIN is kept nowhere.

    Raises WrongPinError or KeyStoreError.
    """
    with translated():
        return Pkcs12Signer.load(content, Secret(pin))


def certificate_values(signer):
    """What a person and the ERP need to know of the signer's certificate.

    Raises CertificateUnusableError if the policy does not let it sign.
    """
    check_certificate(signer.certificate)
    return values_of(signer.certificate)


def read_certificate_file(content):
    """What the public part of a certificate says; DER or PEM.

    Raises KeyStoreError, or CertificateUnusableError if the policy does not
    let it sign.
    """
    with translated():
        info = read_certificate(content)
    check_certificate(info)
    return values_of(info)


def probe(signer):
    """Sign a text that means nothing to the bank, and check the signature.

    Returns the seconds it took. Raises SigningError or
    CertificateUnusableError.
    """
    check_certificate(signer.certificate)
    content = _PROBE.encode() + secrets.token_hex(16).encode()
    started = time.monotonic()
    with translated():
        signature = signer.sign_detached(content)
        taken = time.monotonic() - started
        signing.check_signature(signature, content, signer.certificate)
    return taken


def values_of(info):
    "What a person and the ERP need to know of a certificate"
    return {
        'name': info.common_name or info.subject,
        'subject': info.subject,
        'issuer': info.issuer,
        'serial': info.serial_hex,
        'valid_from': stored(info.valid_from),
        'valid_to': stored(info.valid_to),
        'fingerprint': info.sha256,
        }


def signed_text(text):
    """A text of the bank as the bytes to be signed, and their encoding.

    There is no byte-order mark.
    """
    profile = bank_profile()
    with translated():
        return bytes_to_sign(text, profile), profile.challenge_encoding


def check_signature(data, text, fingerprint=None):
    """Check a signature made elsewhere over a text of the bank.

    data is what the signing program made, in any of its forms; fingerprint
    that of the certificate it must be by, None for any. Nothing is sent.
    Returns the signature (DER) and the values of its certificate.

    Raises SigningError, or CertificateUnusableError, with what is wrong.
    """
    policy = signing_policy()
    with translated():
        try:
            received = receive_signature(
                data, text, bank_profile(), policy=policy)
        except errors.CertificateUnusable:
            raise
        except errors.SigningError as error:
            message = ('mbank.msg_signing_unreadable'
                if error.reason_code.no_signature
                else 'mbank.msg_signing_not_right')
            raise exceptions.SigningError.of(
                message, reason=user_error(error)) from error
    info = received.certificate
    if fingerprint is not None and info.sha256 != fingerprint:
        raise exceptions.CertificateUnusableError.of(
            'mbank.msg_signing_other_certificate',
            certificate=info.common_name or info.subject)
    return received.der, values_of(info)
