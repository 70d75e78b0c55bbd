"""The server's store of plugins: archives, licences, what is unpacked and which version is in use.

archives/                    archives as they came, verified before they are put there
licences/                    licence files, likewise
installed/<name>/<folder>/   unpacked archive: archive.json and site/
installed/current.json       the folder in use of each plugin
service/<database>.json      service mode (see `service`)
requests/                    installations asked for in the ERP (see `requested`)
run/                         locks and notes of running processes
"""

import shutil
import tempfile
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tryton_plugins.archive import Archive, Manifest, read_archive, verify_archive
from tryton_plugins.errors import ConfigurationError, LicenceMissing, PluginError
from tryton_plugins.files import exclusive, read_json, shown_name, write_json, write_whole
from tryton_plugins.keys import TrustedKeys
from tryton_plugins.licence import Licence, read_licence, verify_licence
from tryton_plugins.wheel import read_wheel


@dataclass(frozen=True)
class Unpacked:
    """An unpacked plugin."""

    manifest: Manifest
    folder: str
    """The folder's name below `installed/<name>/`: the version, and more if it was built twice."""
    site: Path
    """Goes onto the import path."""


class Store:
    """The folder `[plugins] store`, with the keys of `[plugins] trusted_keys`."""

    def __init__(self, root: Path, trusted_keys: Path) -> None:
        self.root = root
        self.trusted_keys = trusted_keys

    @classmethod
    def from_config(cls, path: Path) -> "Store":
        """Read `[plugins]` of a trytond.conf.

        Relative paths are relative to that file. Raises: ConfigurationError naming the missing option.
        """
        parser = ConfigParser(interpolation=None)
        try:
            with path.open(encoding="utf-8") as file:
                parser.read_file(file)
        except (OSError, UnicodeDecodeError, ConfigParserError) as error:
            raise ConfigurationError(reason=f"The configuration {path} cannot be read.") from error
        return cls.from_settings(
            parser.get("plugins", "store", fallback=None),
            parser.get("plugins", "trusted_keys", fallback=None),
            path,
        )

    @classmethod
    def from_settings(cls, store: str | None, trusted_keys: str | None, config: Path) -> "Store":
        """The store of two settings of *config*. Raises: ConfigurationError."""
        for option, value in (("store", store), ("trusted_keys", trusted_keys)):
            if not value:
                raise ConfigurationError(
                    reason=f"The section [plugins] of {config} names no {option}; add the line: {option} = …"
                )
        base = config.resolve().parent
        return cls(base / Path(store or "").expanduser(), base / Path(trusted_keys or "").expanduser())

    def trusted(self) -> TrustedKeys:
        """The keys this server trusts, read again each time. Raises: ConfigurationError."""
        return TrustedKeys.load(self.trusted_keys)

    # Archives and licences

    def archives(self) -> dict[str, Archive | PluginError]:
        """Each archive file's name with what it is, or why it is refused."""
        found: dict[str, Archive | PluginError] = {}
        trusted = self.trusted()
        for path in sorted((self.root / "archives").glob("*.zip")):
            try:
                found[shown_name(path)] = read_archive(path, trusted)
            except PluginError as error:
                found[shown_name(path)] = error
        return found

    def add_archive(self, data: bytes, source: str) -> Archive:
        """Verify an archive and put it on the server; one of the same name and version is replaced.

        Raises: ArchiveError.
        """
        archive = verify_archive(data, source, self.trusted())
        write_whole(self.archive_path(archive.manifest), data)
        return archive

    def archive_path(self, manifest: Manifest) -> Path:
        """Where an archive's file is kept."""
        return self.root / "archives" / f"{manifest.name}-{manifest.version}.zip"

    def licences(self) -> dict[str, Licence | PluginError]:
        """Each licence file's name with what it grants, or why it is refused."""
        found: dict[str, Licence | PluginError] = {}
        trusted = self.trusted()
        for path in sorted((self.root / "licences").glob("*.json")):
            try:
                found[shown_name(path)] = read_licence(path, trusted)
            except PluginError as error:
                found[shown_name(path)] = error
        return found

    def add_licence(self, data: bytes, source: str) -> Licence:
        """Verify a licence's signature and put it on the server. Raises: LicenceError."""
        licence = verify_licence(data, source, self.trusted())
        write_whole(self.root / "licences" / f"{licence.plugin}-{licence.number}.json", data)
        return licence

    def licence_for(self, plugin: str) -> Path:
        """The stored licence of *plugin* that lasts longest. Raises: LicenceMissing."""
        fitting = [
            (licence.valid_until, name)
            for name, licence in self.licences().items()
            if isinstance(licence, Licence) and licence.plugin == plugin
        ]
        if not fitting:
            raise LicenceMissing(plugin=plugin)
        return self.root / "licences" / max(fitting)[1]

    # Unpacked plugins

    def unpack(self, archive: Archive) -> Unpacked:
        """Unpack an archive's wheels beside those in use; what is in use does not change.

        Raises: ArchiveError if a wheel is not one we accept.
        """
        manifest = archive.manifest
        parent = self.root / "installed" / manifest.name
        parent.mkdir(parents=True, exist_ok=True)
        folder = manifest.version
        if (known := read_json(parent / folder / "archive.json")) and known["sha256"] != archive.sha256:
            # Built again under the same version: another folder, the old one may be running.
            folder = f"{manifest.version}+{archive.sha256[:8]}"
        if not (parent / folder / "archive.json").exists():
            wheels = [read_wheel(name, data) for name, data in sorted(archive.wheels.items())]
            with tempfile.TemporaryDirectory(prefix=".unpack-", dir=parent) as temporary:
                made = Path(temporary) / "plugin"
                for wheel in wheels:
                    for name, content in wheel.files.items():
                        target = made / "site" / PurePosixPath(name)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_bytes(content)
                (made / "plugin.json").write_bytes(manifest.to_bytes())
                write_json(made / "archive.json", {"sha256": archive.sha256, "source": archive.source})
                shutil.rmtree(parent / folder, ignore_errors=True)
                made.rename(parent / folder)
        return self.unpacked(manifest.name, folder)

    def unpacked(self, name: str, folder: str) -> Unpacked:
        """An unpacked plugin. Raises: ConfigurationError if the store is not whole."""
        place = self.root / "installed" / name / folder
        try:
            manifest = Manifest.from_bytes((place / "plugin.json").read_bytes())
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ConfigurationError(
                reason=f"The plugin in {place} is not whole; install its archive again."
            ) from error
        return Unpacked(manifest, folder, place / "site")

    @property
    def _current_path(self) -> Path:
        return self.root / "installed" / "current.json"

    def current(self, overrides: Mapping[str, str] | None = None) -> list[Unpacked]:
        """The plugins in use, *overrides* (name to folder) in place of what is in use."""
        names = {**read_json(self._current_path), **(overrides or {})}
        return [self.unpacked(name, folder) for name, folder in sorted(names.items())]

    def set_current(self, name: str, folder: str) -> None:
        """Use *folder* of plugin *name* from now on, in processes started from now on."""
        with exclusive(self.root / "run" / "current.lock"):
            write_json(self._current_path, {**read_json(self._current_path), name: folder})
