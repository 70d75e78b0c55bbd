"""Who the bank must show itself to be, and what this side shows of itself."""

import ssl
from pathlib import Path

import requests
from urllib3.util.ssl_ import create_urllib3_context

from companynet.errors import ProfileError
from companynet.profile import BankProfile


def roots_of(profile: BankProfile) -> Path:
    """The PEM file of the roots that are trusted: the profile's own, else certifi's."""
    return profile.ca_file or Path(requests.utils.DEFAULT_CA_BUNDLE_PATH)


def tls_context(profile: BankProfile) -> ssl.SSLContext:
    """The TLS settings of a profile, with its roots and its client certificate.

    Raises:
        ProfileError: a file of the profile cannot be read or used, or the password of the key is wrong. No text holds
            the password.
    """
    context = create_urllib3_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    problem = ""
    roots = roots_of(profile)
    try:
        context.load_verify_locations(roots)
    except (OSError, ssl.SSLError) as error:
        problem = f"ca_file {roots}: the roots cannot be used: {_reason(error)}"
    if problem:
        raise ProfileError(problem)
    if profile.client_certificate is not None:
        _load_client_certificate(context, profile, profile.client_certificate)
    elif profile.client_key is not None or profile.client_key_password_file is not None:
        raise ProfileError("client_key is set without client_certificate")
    return context


def _load_client_certificate(context: ssl.SSLContext, profile: BankProfile, certificate: Path) -> None:
    password = read_secret_line(profile.client_key_password_file, "client_key_password_file")
    key = profile.client_key or certificate
    problem = ""
    try:
        # Without a password OpenSSL would ask on the terminal; an empty one is refused in its place.
        context.load_cert_chain(certificate, key, password=password)
    except (OSError, ssl.SSLError) as error:
        problem = _reason(error)
    except ValueError:
        problem = "the password is too long"
    if problem:
        raise ProfileError(
            f"client_certificate {certificate}, client_key {key}: they cannot be used (wrong password, no PEM, or "
            f"they do not belong together): {problem}"
        )


def read_secret_line(path: Path | None, setting: str) -> str:
    """The first line of a file with a secret; an empty text without a file.

    Raises:
        ProfileError: it cannot be read; the text names setting and file, and nothing of its content.
    """
    if path is None:
        return ""
    problem = ""
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except OSError as error:
        problem = _reason(error)
    except UnicodeDecodeError:
        problem = "it is not UTF-8"
    raise ProfileError(f"{setting} {path}: {problem}")


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "no PEM"
    return error.strerror or type(error).__name__
