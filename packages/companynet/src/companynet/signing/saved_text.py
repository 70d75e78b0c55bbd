"""Why a signature is over other bytes than the bank's: editors and programs save a text in their own way."""

import codecs
import hashlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from companynet.errors import SigningError
from companynet.profile import BankProfile
from companynet.signing_reasons import ReasonCode

#: Encodings in which programs save a text, tried to explain a signature over something else; which one the bank
#: wants is the profile's.  # L-007
_ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be", "cp1250", "iso-8859-2")
_MARKS: Final = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def difference_of_digest(digest: bytes, text: str, profile: BankProfile) -> SigningError:
    """What a signature was made over whose SHA-256 is known alone.

    Args:
        digest: the SHA-256 of what was signed.
        text: the bank's.
        profile: how it should have been saved.
    """
    for data, way in _ways_to_save(text):
        if hashlib.sha256(data).digest() == digest:
            return _saved_otherwise(way, profile)
    return _other_text("it was made over another text")


def difference_of_content(carried: bytes, text: str, profile: BankProfile) -> SigningError:
    """How a text that was signed differs from the bank's; neither is quoted.

    Args:
        carried: what was signed.
        text: the bank's.
        profile: how it should have been saved.
    """
    for data, way in _ways_to_save(text):
        if data == carried:
            return _saved_otherwise(way, profile)
    same = max(
        _common_start(text, _decoded(carried, encoding)) for encoding in (profile.challenge_encoding, *_ENCODINGS)
    )
    if same == 0:
        return _other_text("the text it carries is another one than the bank's")
    return SigningError(
        "the signature is not right: the text it carries differs from the bank's "
        f"from character {same + 1} of {len(text)} on",
        reason_code=ReasonCode.SIGNATURE_TEXT_DIFFERS,
        character=same + 1,
        length=len(text),
    )


def _other_text(words: str) -> SigningError:
    return SigningError(f"the signature is not right: {words}", reason_code=ReasonCode.SIGNATURE_OTHER_TEXT)


class _Way(NamedTuple):
    """How a program saved a text."""

    encoding: str
    mark: bool
    change: str


def _saved_otherwise(way: _Way, profile: BankProfile) -> SigningError:
    mark = " with a byte-order mark" if way.mark else ""
    return SigningError(
        f"the signature is over the bank's text, but saved as {way.encoding.upper()}{mark}{way.change}; the bank "
        f"wants it exactly as given, in {profile.challenge_encoding} without a byte-order mark: sign the downloaded "
        "file itself, unopened",
        reason_code=ReasonCode.SIGNATURE_TEXT_SAVED,
        encoding=way.encoding,
        mark=way.mark,
        change=way.change.strip(),
        wanted=profile.challenge_encoding,
    )


def _common_start(one: str, other: str) -> int:
    """How many characters two texts have in common at their start."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _decoded(data: bytes, encoding: str) -> str:
    return data.removeprefix(_MARKS.get(encoding, b"")).decode(encoding, errors="replace")


def _ways_to_save(text: str) -> Iterator[tuple[bytes, _Way]]:
    """The bytes an editor makes of a text, and each way to make them."""
    for changed, change in _ways_to_end(text):
        for encoding in _ENCODINGS:
            try:
                data = changed.encode(encoding)
            except UnicodeEncodeError:
                continue
            yield data, _Way(encoding, mark=False, change=change)
            if encoding in _MARKS:
                yield _MARKS[encoding] + data, _Way(encoding, mark=True, change=change)


def _ways_to_end(text: str) -> Iterator[tuple[str, str]]:
    unix = text.replace("\r\n", "\n")
    dos = unix.replace("\n", "\r\n")
    for lines, change in ((text, ""), (unix, " with lines ended by LF"), (dos, " with lines ended by CR LF")):
        if change and lines == text:
            continue
        yield lines, change
        yield lines + "\n", f"{change} and a line end added after the text"
        yield lines + "\r\n", f"{change} and a line end (CR LF) added after the text"
        trimmed = lines.rstrip("\r\n")
        if trimmed != lines:
            yield trimmed, f"{change} and without the line end after the text"
