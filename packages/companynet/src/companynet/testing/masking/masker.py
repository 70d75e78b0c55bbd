"""Values and texts replaced by made-up ones of the same form and length."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from string import ascii_lowercase, digits
from typing import Final

from stdnum import luhn
from stdnum.pl import nip

from companynet.domain.account import is_account, normalise
from companynet.formats.title import crc8, find_ksef

#: The parts of titles of split payments and taxes are named so; the names tell nothing of anybody.  # S-103, L-220
#: Nor do the words for streets, by which a name is parted from its address.
_TITLE_PARTS: Final = "VAT|IDC|INV|TXT|TI|OKR|SFP"
_PIECES: Final = re.compile(
    r"(?P<account>(?<![^\W_])(?:PL[ -]?)?\d{2}(?:[ -]?\d{4}){6}(?![^\W_]))"
    r"|(?P<iban>(?<![^\W_])[A-Z]{2}\d{2}[A-Z0-9]{11,30}(?![^\W_]))"
    r"|(?P<ksef>(?<![^\W_])\d{10}-\d{8}-[0-9A-F]{12}-[0-9A-F]{2}(?![^\W_]))"
    rf"|(?P<part>(?<=/)(?:{_TITLE_PARTS})(?=/)|(?<![^\W_])(?:UL|Ul|ul|AL|Al|al)(?=\.))"
    r"|(?P<word>[^\W_]+)"
)
_WORD: Final = re.compile(r"[^\W_]+")
#: Words that a statement's reader takes for labels, or for the word for a street: none is made up.
_RESERVED: Final = frozenset(
    ["ul", "al", "od", "dla", "nr", "tnr", "nip", "tyt", "kurs", "kwota", "okres", "waluta", "deklaracja"]
)
_LONG_NUMBER: Final = re.compile(r"\d{6,}", re.ASCII)
_NRB: Final = re.compile(r"(PL)?\d{26}", re.ASCII)
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{6,30}", re.ASCII)
#: Digits of a NIP and of card numbers.
_NIP_LENGTH: Final = 10  # S-251
_CARD_LENGTHS: Final = range(13, 20)
_HEX: Final = "0123456789ABCDEF"
#: Words and numbers shorter than this are found in any sentence.
_TELLING: Final = 4


class Masker:
    """Replaces what must not be shown, the same by the same.

    Args:
        amounts: scale amounts too, all by one secret whole number, so that sums still hold. Who knows one of the
            amounts knows the number.
        sentences: keep the bank's sentences (reasons, descriptions), with the values masked elsewhere and long
            numbers masked in them. A name that stands in such a sentence alone is not recognised.
    """

    def __init__(self, *, amounts: bool = False, sentences: bool = False) -> None:
        self._key = secrets.token_bytes(32)
        self._factor = 2 + secrets.randbelow(8) if amounts else 1
        self._sentences = sentences
        self._tokens: dict[tuple[str, str], str] = {}
        self._seen: dict[str, str] = {}

    def token(self, kind: str, text: str) -> str:
        """A secret, by its kind and a number."""
        numbered = sum(1 for known, _text in self._tokens if known == kind)
        made = self._tokens.setdefault((kind, text), f"masked-{kind}-{numbered + 1}")
        self._note(text, made)
        return made

    def text(self, text: str) -> str:
        """Any text: accounts as accounts, other words and numbers by made-up ones; signs and blanks stay."""
        return _PIECES.sub(self._piece, text)

    def whole(self, text: str) -> str:
        """As :meth:`text`, for a value that is to be found again in the bank's sentences."""
        made = self.text(text)
        self._note(text.strip(), made.strip())
        return made

    def name(self, text: str) -> str:
        """As :meth:`whole`, for a name, each word of which is to be found again."""
        for word in _WORD.findall(text):
            self._note(word, self.text(word))
        return self.whole(text)

    def sentence(self, text: str) -> str:
        """A sentence of the bank."""
        if not self._sentences:
            return self.text(text)
        for known in sorted(self._seen, key=len, reverse=True):
            text = re.sub(re.escape(known), self._seen[known], text, flags=re.IGNORECASE)
        # What is masked already holds long numbers too: to mask it again does no harm.
        return _PIECES.sub(
            lambda match: self._piece(match) if _LONG_NUMBER.search(match[0]) or match["account"] else match[0], text
        )

    def account(self, text: str) -> str:
        """An account number: the bank stays, the client's part is made up, check digits stay right, or wrong."""
        number = normalise(text)
        if not (_NRB.fullmatch(number) or _IBAN.fullmatch(number)):
            return self.whole(text)
        made = iter(self._account(number))
        written = "".join(next(made) if sign.isalnum() else sign for sign in text)
        self._note(number, normalise(written))
        return written

    def digits(self, text: str) -> str:
        """A number in any notation: digits alone are replaced; what is a NIP or a card number stays one."""
        plain = "".join(sign for sign in text if sign in digits)
        made = iter(self._number(plain))
        written = "".join(next(made) if sign in digits else sign for sign in text)
        self._note(text.strip(), written.strip())
        return written

    def amount(self, text: str) -> str:
        """An amount with a comma or a point: as it is, or scaled, with as many decimals."""
        if self._factor == 1:
            return text
        whole, sign, decimals = text.partition("," if "," in text else ".")
        made = f"{int(whole + decimals) * self._factor:0{len(decimals) + 1}d}"
        return f"{made[: len(made) - len(decimals)]}{sign}{made[len(made) - len(decimals) :]}"

    def shaped_amount(self, text: str) -> str:
        """An amount whose length must stay: as it is, or other digits."""
        return text if self._factor == 1 else self.text(text)

    def _note(self, text: str, made: str) -> None:
        if len(text) >= _TELLING:
            self._seen[text] = made

    def _piece(self, match: re.Match[str]) -> str:
        piece = match[0]
        if match["part"]:
            return piece
        if match["ksef"] and find_ksef(piece):
            return self._ksef(piece)
        if match["ksef"]:
            return "-".join(self.text(part) for part in piece.split("-"))
        if match["account"] or (match["iban"] and is_account(piece)):
            return self.account(piece)
        if piece.isascii() and piece.isdigit():
            return self._number(piece)
        return self._word(piece)

    def _word(self, word: str) -> str:
        """Letters by letters of the same case, digits by digits; no sign stays what it was."""
        stream = self._stream("word", word.casefold())
        while True:
            made = "".join(_other(sign, next(stream)) for sign in word)
            if made.casefold() not in _RESERVED:
                return made

    def _number(self, plain: str) -> str:
        """Digits by digits; what is a NIP or a card number stays one."""
        stream = self._stream("word", plain)
        made = "".join(_other(sign, byte) for sign, byte in zip(plain, stream, strict=False))
        if len(plain) == _NIP_LENGTH and nip.is_valid(plain):
            return self._nip(plain)
        if len(plain) in _CARD_LENGTHS and luhn.is_valid(plain):
            return made[:-1] + luhn.calc_check_digit(made[:-1])
        return made

    def _nip(self, plain: str) -> str:
        stream = self._stream("nip", plain)
        while True:
            body = "".join(_other(sign, next(stream)) for sign in plain[:-1])
            check = int(nip.checksum(body + "0"))
            # Ten is no check digit: such a NIP is never given.
            if check in range(10):
                return f"{body}{check}"

    def _ksef(self, piece: str) -> str:
        """The number of an invoice: NIP and the rest made up, its day and the form of its check stay.  # S-104"""
        seller, day, rest, _check = piece.split("-")
        stream = self._stream("ksef", rest)
        made = "".join(
            _HEX[(_HEX.index(sign) + 1 + byte % 15) % 16] for sign, byte in zip(rest, stream, strict=False)
        )
        body = f"{self._number(seller)}-{day}-{made}"
        return f"{body}-{crc8(body.encode('ascii')):02X}"

    def _account(self, number: str) -> str:
        """The number without blanks; ``PL`` before it, or another country's."""
        country = number[:2] if number[:2].isalpha() else ""
        bare = number[len(country) :]
        if country in {"", "PL"}:
            # The bank's sort code is public.  # S-100
            kept, client = bare[2:10], bare[10:]
            country_digits = "2521"
        else:
            kept, client = "", bare[2:]
            country_digits = _as_digits(country)
        stream = self._stream("account", bare[2:])
        client = "".join(_other(sign, byte) for sign, byte in zip(client, stream, strict=False))
        check = 98 - int(_as_digits(kept + client) + country_digits + "00") % 97  # S-202
        if not is_account(number):
            check = check % 97 + 1
        return f"{country}{check:02d}{kept}{client}"

    def _stream(self, kind: str, text: str) -> Iterator[int]:
        """Bytes without end that the key and the text alone decide."""
        number = 0
        while True:
            yield from hmac.digest(self._key, f"{kind} {number} {text}".encode(), hashlib.sha256)
            number += 1


def _other(sign: str, byte: int) -> str:
    """Another sign of the same form."""
    if sign in digits:
        return digits[(int(sign) + 1 + byte % 9) % 10]
    lower = sign.lower()
    position = ascii_lowercase.find(lower) if len(lower) == 1 else -1
    made = ascii_lowercase[(position + 1 + byte % 25) % 26]
    return made.upper() if sign.isupper() else made


def _as_digits(text: str) -> str:
    return "".join(str(int(sign, 36)) for sign in text)
