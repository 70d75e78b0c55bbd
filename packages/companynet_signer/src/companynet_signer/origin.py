"""The origin of a server: read exactly, shown so that it cannot be confused."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import idna

from companynet_signer.errors import LinkRefused
from companynet_signer.language import Sentence, sentence

_FORM: Final = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]\\%]+)(?::(\d{1,5}))?")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of a server, as browsers name it."""

    scheme: str
    """``https``, or ``http`` for the loopback addresses alone."""

    host: str
    """Lower case, ASCII: names with other letters in their ``xn--`` form; an IPv6 address in brackets."""

    port: int | None
    """None for the scheme's own."""

    @classmethod
    def parse(cls, text: str) -> "Origin":
        """Read an origin; nothing may stand behind it.

        Raises:
            LinkRefused: it is no origin, or plain http to a host that is not this machine.
        """
        found = _FORM.fullmatch(text)
        if not found:
            raise LinkRefused("server_wrong")
        scheme, host, port = found.group(1), _host(found.group(2)), int(found.group(3) or 0) or None
        if port is not None and port > 65535:
            raise LinkRefused("server_wrong")
        if scheme == "http" and not _is_loopback(host):
            raise LinkRefused("server_plain", host=host)
        return cls(scheme, host, None if port == _DEFAULT_PORTS[scheme] else port)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}" + (f":{self.port}" if self.port else "")

    @property
    def shown(self) -> Sentence:
        """The origin for a person. A name with letters of other alphabets is shown in the form that cannot be
        mistaken, with the one it pretends to beside it.
        """
        letters = _letters(self.host)
        if letters is None:
            return sentence("plain", text=str(self))
        return sentence("server_letters", origin=str(self), letters=letters)


def _host(text: str) -> str:
    """A host in its one form; see :class:`Origin`."""
    host = ""
    try:
        if text.startswith("["):
            return f"[{ipaddress.IPv6Address(text[1:-1])}]"
        host = text.lower() if text.isascii() else idna.encode(text.lower(), std3_rules=True).decode("ascii")
    except ValueError:
        host = ""
    labels = host.split(".")
    if not host or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise LinkRefused("server_wrong")
    # A name that ends in a number is an address, and resolvers read odd ones in odd ways.
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        return _address(host)
    return host


def _address(host: str) -> str:
    wrong = False
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        wrong = True
    if wrong:
        raise LinkRefused("server_wrong")
    raise AssertionError


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _letters(host: str) -> str | None:
    """The letters an ``xn--`` name stands for; None for a plain name, or one that cannot be shown in order."""
    if "xn--" not in host:
        return None
    try:
        letters = idna.decode(host)
    except ValueError:
        return None
    if not letters.isprintable() or any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in letters):
        return None
    return letters
