"""What databases of the tests are made of: Tryton's own cache does not see when it changes."""

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SUFFIXES = {".py", ".xml", ".cfg", ".po"}


@cache
def of_modules() -> str:
    """Of databases with our modules, as ten characters."""
    digest = hashlib.sha256((ROOT / "constraints.txt").read_bytes())
    for path in sorted((ROOT / "modules").rglob("*")):
        if path.suffix in _SUFFIXES and "tests" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
