"""A wheel of an archive: what it asks for, and its files. Only pure Python is accepted."""

from dataclasses import dataclass, field
from email.parser import BytesParser

from packaging.requirements import Requirement

from tryton_plugins.archive import MAX_UNPACKED_BYTES, read_zip, refused_as_unreadable
from tryton_plugins.errors import ArchiveUnreadable, ArchiveUnsafe


@dataclass(frozen=True)
class Wheel:
    """A wheel's content."""

    file: str
    """Its name in the archive."""
    name: str
    """The distribution's name."""
    version: str
    requires: tuple[str, ...]
    """Requires-Dist lines."""
    files: dict[str, bytes] = field(repr=False)
    """What goes into a site directory."""


def read_wheel(file: str, data: bytes) -> Wheel:
    """Take a wheel apart. Raises: ArchiveUnreadable, ArchiveTooLarge, ArchiveUnsafe."""
    files = read_zip(data, file, MAX_UNPACKED_BYTES)
    info = sorted({name.split("/")[0] for name in files if name.split("/")[0].endswith(".dist-info")})
    if len(info) != 1 or f"{info[0]}/METADATA" not in files or f"{info[0]}/WHEEL" not in files:
        raise ArchiveUnreadable(archive=file, reason="not a wheel")
    with refused_as_unreadable(file, "its description cannot be read"):
        kind = BytesParser().parsebytes(files[f"{info[0]}/WHEEL"])
        metadata = BytesParser().parsebytes(files[f"{info[0]}/METADATA"])
        requires = tuple(str(line) for line in metadata.get_all("Requires-Dist", []))
        for line in requires:
            Requirement(line)
    if kind["Root-Is-Purelib"] != "true" or any(name.endswith((".so", ".pyd", ".dylib")) for name in files):
        raise ArchiveUnreadable(archive=file, reason="only pure Python wheels are accepted")
    for name in files:
        # S-304: a .pth file runs code at every start of Python; .data would be written outside the folder.
        top = name.split("/")[0]
        if top.endswith((".pth", ".data")):
            raise ArchiveUnsafe(archive=file, file=name)
    return Wheel(
        file=file,
        name=str(metadata["Name"]),
        version=str(metadata["Version"]),
        requires=requires,
        files=files,
    )
