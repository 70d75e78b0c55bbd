"""The import path of a host process.

Plugins' folders come first on `sys.path`, so that packages and entry points of an archive win over the
environment's. `trytond.modules` is a package of its own place, where a folder on `sys.path` says nothing:
a finder in front of all others gives the plugins' modules.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from tryton_plugins.store import Store

_MODULES = "trytond.modules."


class PluginModules(MetaPathFinder):
    """Finds `trytond.modules.<name>` in plugins' folders."""

    def __init__(self, sites: Sequence[Path]) -> None:
        self._folders = [str(site / "trytond" / "modules") for site in sites]

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the import system's signature
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The module of a plugin, None for everything else; submodules follow their package."""
        if not fullname.startswith(_MODULES) or "." in fullname[len(_MODULES) :]:
            return None
        return PathFinder.find_spec(fullname, self._folders, target)


def use_plugins(store: Store, overrides: Mapping[str, str] | None = None) -> list[str]:
    """Put the plugins in use in front, before anything of Tryton's pool is imported.

    *overrides* names folders to use in place (an installation tries its own). Returns the plugins' names.
    """
    plugins = store.current(overrides)
    sites = [plugin.site for plugin in plugins]
    sys.path[:0] = [str(site) for site in sites]
    sys.meta_path.insert(0, PluginModules(sites))
    return [plugin.manifest.name for plugin in plugins]
