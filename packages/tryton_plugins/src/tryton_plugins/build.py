"""The vendor's side: build a plugin archive from the sources of a module and its packages."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from configparser import ConfigParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tryton_plugins.archive import Manifest, write_archive
from tryton_plugins.errors import BuildError
from tryton_plugins.keys import ARCHIVE_PURPOSE, VendorKey
from tryton_plugins.wheel import Wheel, read_wheel

#: S-305: 1980-01-01, the first moment a zip can hold: the wheels' own times are fixed too.
_EPOCH = "315532800"
_LEFT_BEHIND = shutil.ignore_patterns(
    "build", "dist", "*.egg-info", "__pycache__", ".git", ".mypy_cache", ".ruff_cache", ".hypothesis"
)


def build_archive(
    output: Path,
    *,
    name: str,
    module: Path,
    packages: Iterable[Path],
    requires_modules: Mapping[str, str],
    key: VendorKey,
) -> Manifest:
    """Build the archive of the Tryton module in folder *module* with our own *packages*.

    *requires_modules* maps a module that must be activated before to the name users know it by.
    Sources that do not change give the same archive, byte for byte. Raises: BuildError.
    """
    wheels: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="tryton-plugins-build-") as folder:
        for number, source in enumerate([module, *packages]):
            path = _wheel(source, Path(folder) / str(number))
            wheels[f"wheels/{path.name}"] = path.read_bytes()
    opened = [read_wheel(file, data) for file, data in wheels.items()]
    series, version, module_name = _module(module)
    manifest = Manifest(
        name=name,
        version=version,
        series=series,
        module=module_name,
        requires_modules=dict(requires_modules),
        requires_python=_third_party(opened),
        files={file: hashlib.sha256(data).hexdigest() for file, data in sorted(wheels.items())},
    )
    write_archive(output, manifest, key.sign(ARCHIVE_PURPOSE, manifest.to_bytes()), wheels)
    return manifest


def _module(module: Path) -> tuple[str, str, str]:
    config = ConfigParser()
    project = (module / "pyproject.toml").read_text(encoding="utf-8")
    try:
        config.read_string((module / "tryton.cfg").read_text(encoding="utf-8"))
        version = config["tryton"]["version"]
        section = project.split('entry-points."trytond.modules"]')[1]
    except (OSError, KeyError, IndexError) as error:
        raise BuildError(reason=f"{module} is not a Tryton module with an entry point.") from error
    entry = next(line for line in section.splitlines() if "=" in line)
    return ".".join(version.split(".")[:2]), version, entry.split("=")[0].strip()


def _wheel(source: Path, folder: Path) -> Path:
    if not (source / "pyproject.toml").is_file():
        raise BuildError(reason=f"{source} has no pyproject.toml.")
    # In a copy: setuptools leaves a build folder, and files of an old one would get into the wheel.
    copy = folder / "source"
    shutil.copytree(source, copy, ignore=_LEFT_BEHIND)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(copy)]
    done = subprocess.run(  # noqa: S603 - pip, on folders of our own
        command,
        env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    made = sorted(folder.glob("*.whl"))
    if done.returncode or len(made) != 1:
        tail = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise BuildError(reason=f"no wheel of {source}: {' '.join(tail)}")
    return made[0]


def _third_party(wheels: list[Wheel]) -> tuple[str, ...]:
    own = {canonicalize_name(wheel.name) for wheel in wheels}
    wanted: set[str] = set()
    for wheel in wheels:
        for line in wheel.requires:
            try:
                requirement = Requirement(line)
            except InvalidRequirement as error:
                raise BuildError(reason=f"{wheel.file} asks for {line!r}, which is not a requirement.") from error
            extra_only = requirement.marker is not None and "extra" in str(requirement.marker)
            if canonicalize_name(requirement.name) not in own and not extra_only:
                wanted.add(str(requirement))
    return tuple(sorted(wanted, key=str.lower))
