"""Packed bytes (gzip), unpacked with a limit: a few kilobytes of a hostile answer could fill the memory."""

import io
import zlib
from typing import Final

_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = 16 + zlib.MAX_WBITS
#: Bytes a step takes and makes at most.
_FED: Final = 16 * 1024
_MADE: Final = 256 * 1024


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
    content = io.BytesIO()
    view = memoryview(data)
    at = 0
    while at < len(view):
        member = zlib.decompressobj(_GZIP)
        while not member.eof:
            fed = view[at : at + _FED]
            try:
                made = member.decompress(fed, _MADE)
            except zlib.error:
                made = None
            if made is None:
                raise ValueError("the packed data are damaged")
            # What is not eaten is fed again: no copy of the rest is ever made.
            eaten = len(fed) - len(member.unconsumed_tail) - len(member.unused_data)
            at += eaten
            content.write(made)
            if content.tell() > limit:
                raise ValueError(f"the packed data hold more than {limit} bytes")
            if not eaten and not made and not member.eof:
                raise ValueError("the packed data are cut short")
    return content.getvalue()
