"""Unambiguous concatenation and base64, used for associated data and signatures."""

import base64
import binascii
import struct


def length_prefixed(*parts: str | bytes) -> bytes:
    """Join *parts* so that no two different lists of parts give the same bytes.

    Each part is preceded by its length in bytes (four bytes, big-endian); text is UTF-8.
    """
    joined = bytearray()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        joined += struct.pack(">I", len(data)) + data
    return bytes(joined)


def to_base64(data: bytes) -> str:
    """Standard base64 as text."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: object) -> bytes:
    """The bytes of strict base64; raises TypeError or ValueError if *text* is anything else."""
    if not isinstance(text, str):
        raise TypeError("base64 text expected")
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise ValueError("base64 text expected") from error
