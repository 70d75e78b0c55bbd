"""PKCS#11 modules of Polish signatures and where they usually lie.

Names and places come from public documents and other programs' settings, none was tried here.  # L-250
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class KnownModule:
    """A module and its usual places."""

    name: str
    """The module's own name, as vendors write it."""

    vendor: str
    """Whose signatures it serves."""

    cloud: bool
    """The keys are with the vendor; there may be no PIN.  L-252"""

    places: Mapping[str, tuple[str, ...]]
    """Paths by ``sys.platform``; the last part may hold ``*`` for version numbers."""


KNOWN_MODULES: Final = (
    KnownModule(
        name="SimplySignPKCS",
        vendor="Certum SimplySign",
        cloud=True,
        places={
            "linux": (
                "/opt/SimplySignDesktop/SimplySignPKCS*.so*",
                "/usr/lib/libSimplySignPKCS*.so*",
                "/usr/local/lib/libSimplySignPKCS*.so*",
            ),
            "win32": (r"C:\Windows\System32\SimplySignPKCS*.dll",),
            "darwin": (
                "/usr/local/lib/libSimplySignPKCS*.dylib",
                "/usr/local/lib/SimplySignPKCS/SimplySignPKCS*.dylib",
            ),
        },
    ),
    KnownModule(
        name="cryptoCertum3PKCS",
        vendor="Certum proCertum SmartSign",
        cloud=False,
        places={
            "linux": (
                "/opt/proCertumSmartSign/libcryptoCertum3PKCS*.so*",
                "/opt/proCertumSmartSign/cryptoCertum3PKCS*.so*",
                "/usr/lib/libcryptoCertum3PKCS*.so*",
            ),
            "win32": (
                r"C:\Windows\System32\cryptoCertum3PKCS.dll",
                r"C:\Program Files\Certum\SimplySign Desktop\proCertum SmartSign\cryptoCertum3PKCS.dll",
            ),
            "darwin": (
                "/usr/local/lib/libcryptoCertum3PKCS*.dylib",
                "/usr/local/lib/pkcs11/libcryptoCertum3PKCS*.dylib",
            ),
        },
    ),
    KnownModule(
        name="CCPkiP11",
        vendor="KIR Szafir (CryptoTech CryptoCard)",
        cloud=False,
        places={
            "linux": ("/usr/lib/ccs/libccpkip11.so", "/usr/lib/libccpkip11.so"),
            "win32": (
                r"C:\Windows\System32\CCPkiP11.dll",
                r"C:\Program Files (x86)\CryptoTech\CryptoCard\CCPkiP11.dll",
                r"C:\Program Files\CryptoTech\CryptoCard\CCPkiP11.dll",
            ),
            "darwin": ("/Library/Security/tokend/CCSuite.tokend/Contents/Frameworks/libccpkip11.dylib",),
        },
    ),
    KnownModule(
        name="enigmap11",
        vendor="Sigillum, Enigma PEM-HEART",
        cloud=False,
        places={
            "linux": ("/usr/lib/libenigmap11.so", "/usr/local/lib/libenigmap11.so"),
            "win32": (r"C:\Windows\System32\enigmap11.dll",),
            "darwin": ("/usr/local/lib/libenigmap11.dylib",),
        },
    ),
)


@dataclass(frozen=True)
class FoundModule:
    """A known module that is on this machine."""

    known: KnownModule
    """Which one."""

    path: Path
    """Where it is."""


def find_modules(*, platform: str = sys.platform, root: Path | None = None) -> tuple[FoundModule, ...]:
    """The known modules on this machine; nothing is loaded.

    A module is given once: if several files fit, the last by name, which is the newest version.

    Args:
        platform: as ``sys.platform``.
        root: a folder taken for the root of the machine; None for the real one.
    """
    found = []
    for known in KNOWN_MODULES:
        for place in known.places.get(platform, ()):
            fitting = [path for path in _fitting(place, root) if path.is_file()]
            if fitting:
                found.append(FoundModule(known, fitting[-1]))
                break
    return tuple(found)


def _fitting(place: str, root: Path | None) -> list[Path]:
    path = Path(place)
    if root is not None:
        path = root / place.replace("\\", "/").removeprefix("C:").lstrip("/")
    return sorted(path.parent.glob(path.name))
