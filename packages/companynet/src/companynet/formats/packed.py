"""Packed bytes (gzip), unpacked with a limit: a few kilobytes of a hostile answer could fill the memory."""

import zlib
from typing import Final

_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = 16 + zlib.MAX_WBITS


def is_packed(data: bytes) -> bool:
    """Whether the data begin as gzip does."""
    return data.startswith(_MAGIC)


def unpack(data: bytes, limit: int) -> bytes:
    """The content of gzip data, several members one after the other included.

    Args:
        data: packed.
        limit: bytes the content may have.

    Raises:
        ValueError: the data are damaged or cut short, something stands behind them, or the content is larger.
    """
    parts = []
    left = limit
    while data:
        member = zlib.decompressobj(_GZIP)
        problem = ""
        part = b""
        try:
            part = member.decompress(data, left + 1)
        except zlib.error:
            problem = "the packed data are damaged"
        if len(part) > left:
            problem = f"the packed data hold more than {limit} bytes"
        elif not problem and not member.eof:
            problem = "the packed data are cut short"
        if problem:
            raise ValueError(problem)
        left -= len(part)
        parts.append(part)
        data = member.unused_data
    return b"".join(parts)
