# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What the configuration file of the server asks of a certificate.

In the section [mbank]: certificate_requirement (none, own_word or listed),
trust_list (a file), trust_list_signers (files, with commas) and revocation (a
folder with *.crl, *.ocsp and, as *.pem, the issuers they are of).
"""
import logging
from pathlib import Path

import trytond.config as config
from companynet import errors
from companynet.signing import (
    Requirement, RevocationEvidence, SigningPolicy)

from .. import clock, exceptions
from .errors import user_error

logger = logging.getLogger(__name__)

#: Reading a list takes half a second and more: (files, their times) to list.
_lists = {}


def signing_policy():
    """The policy certificates are checked by.

    Raises ProfileError if a setting cannot be used: nothing is signed by less
    than what is set.
    """
    setting = 'certificate_requirement'
    try:
        requirement = Requirement(
            config.get('mbank', setting, default='') or 'none')
        setting = 'trust_list'
        trust_list = _trust_list()
        if requirement is Requirement.LISTED and trust_list is None:
            raise ValueError("no list is set")
        setting = 'revocation'
        evidence = _evidence()
    except (errors.CompanyNetError, OSError, ValueError) as error:
        logger.error("[mbank] %s cannot be used: %s", setting, error)
        raise exceptions.ProfileError.of(
            'mbank.msg_signing_policy', setting=setting) from error
    return SigningPolicy(
        requirement=requirement, trust_list=trust_list, evidence=evidence)


def _trust_list():
    path = config.get('mbank', 'trust_list', default='')
    if not path:
        return None
    # Imported by who has a list only: it takes half a second.
    from companynet.signing.trust_list import TrustList
    signers = config.get('mbank', 'trust_list_signers', default='')
    files = [Path(p.strip()) for p in [path, *signers.split(',')]
        if p.strip()]
    key = tuple((str(f), f.stat().st_mtime_ns) for f in files)
    if key not in _lists:
        data, *pinned = (f.read_bytes() for f in files)
        made = TrustList.load(
            data, pinned, clock.now(),
            name=files[0].name)
        _lists.clear()
        _lists[key] = made
    return _lists[key]


def _evidence():
    path = config.get('mbank', 'revocation', default='')
    if not path:
        return None

    def files(suffix):
        return tuple(
            f.read_bytes() for f in sorted(Path(path).iterdir())
            if f.suffix == suffix)
    return RevocationEvidence(
        issuers=files('.pem'), crls=files('.crl'),
        ocsp_responses=files('.ocsp'))


def check_certificate(info):
    """Check a certificate by the policy before it is used.

    Raises CertificateUnusableError with the reason, or ProfileError.
    """
    policy = signing_policy()
    try:
        policy.check(info, clock.now())
    except errors.FormatError as error:
        logger.error("[mbank] revocation cannot be used: %s", error)
        raise exceptions.ProfileError.of(
            'mbank.msg_signing_policy', setting='revocation') from error
    except errors.CertificateUnusable as error:
        raise user_error(error) from error
