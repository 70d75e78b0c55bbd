"""Bring what people and banks write to one form: text, accounts, NIPs, KSeF numbers, names."""

from __future__ import annotations

import re
import unicodedata

from settlement.words import COMMON_IN_NAMES

_PLAIN = str.maketrans("ĄĆĘŁŃÓŚŹŻ\u00a0\r\n\t‐‑‒–—―−∕⁄", "ACELNOSZZ    -------//")
_WORD = re.compile(r"[A-Z0-9]+")
_NOT_ALNUM = re.compile(r"[^A-Z0-9]+")
# S-250: a KSeF number is NIP, date, 12 hexadecimal digits, 2 of checksum; banks fold it with blanks.
_KSEF = re.compile(r"(?=([0-9]{10}-?20[0-9]{6}-?[0-9A-F]{12}-?[0-9A-F]{2}))")
_NIP = re.compile(r"(?<![0-9])(?:[0-9]{10}|[0-9]{3}[- ][0-9]{3}[- ][0-9]{2}[- ][0-9]{2}|"
                  r"[0-9]{3}[- ][0-9]{2}[- ][0-9]{2}[- ][0-9]{3})(?![0-9])")  # fmt: skip
_NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
# A counter of a few digits is anybody's.
_LEAST_REFERENCE = 6
_LEGAL_PHRASES = re.compile(
    r"\b(?:SPOLK[AI] Z OGRANICZONA ODPOWIEDZIALNOSCIA|SPOLK[AI] Z O ?O|SP ?Z ?O ?O|PROSTA SPOLKA AKCYJNA|"
    r"SPOLK[AI] (?:AKCYJN|KOMANDYTOW|JAWN|CYWILN|PARTNERSK)[AEJ]+|SP ?[JKP]|S ?K ?A|S ?A|S ?C|P ?S ?A)\b"
)


def fold(text: str) -> str:
    """Upper case, letters without marks, every kind of blank as a blank."""
    folded = text.upper().translate(_PLAIN)
    if not folded.isascii():
        decomposed = unicodedata.normalize("NFKD", folded)
        folded = "".join(sign if ord(sign) < 128 else "" for sign in decomposed)
    return folded


def account_key(account: str | None) -> str | None:
    """One form of an account: no blanks, and no `PL` before the 26 digits of an NRB."""
    if not account:
        return None
    key = _NOT_ALNUM.sub("", account.upper())
    if key.startswith("PL") and len(key) == 28:
        key = key[2:]
    return key or None


def virtual_key(account: str | None) -> str | None:
    """One form of an account of mass payments: its last 12 digits tell the payer, however the books keep it."""
    # L-760: the bank writes XX and 12 digits, the end of the whole account that the payer was given.
    key = account_key(account)
    return key[-12:] if key else None


def nip_key(nip: str | None) -> str | None:
    """The digits of a NIP, without `PL` and separators."""
    if not nip:
        return None
    return "".join(sign for sign in nip if sign.isdigit()) or None


def nips_in(folded: str) -> tuple[str, ...]:
    """The valid NIPs in a folded text, in their order."""
    found = []
    for match in _NIP.finditer(folded):
        nip = "".join(sign for sign in match[0] if sign.isdigit())
        # S-251: weighted sum of nine digits modulo 11 is the tenth.
        if sum(int(digit) * weight for digit, weight in zip(nip, _NIP_WEIGHTS, strict=False)) % 11 == int(nip[9]):
            found.append(nip)
    return tuple(found)


def ksef_key(number: str | None) -> str | None:
    """A KSeF number as its 32 letters and digits."""
    if not number:
        return None
    return _NOT_ALNUM.sub("", number.upper()) or None


def reference_key(reference: str | None) -> str | None:
    """A reference as its letters and digits; nothing of one too short to name anything for sure."""
    key = _NOT_ALNUM.sub("", fold(reference or ""))
    return key if len(key) >= _LEAST_REFERENCE else None


def ksef_in(folded: str) -> tuple[str, ...]:
    """Keys of everything in a folded text that has the form of a KSeF number, blanks disregarded."""
    if len(folded) < 32:
        return ()
    return tuple(match[1].replace("-", "") for match in _KSEF.finditer(folded.replace(" ", "")))


def name_tokens(name: str | None) -> tuple[str, ...]:
    """The telling words of a name: folded, legal forms and words that every second firm bears left out."""
    if not name:
        return ()
    words = _LEGAL_PHRASES.sub(" ", " ".join(_WORD.findall(fold(name)))).split()
    telling = [word for word in words if word not in COMMON_IN_NAMES]
    return tuple(dict.fromkeys(telling or words))
