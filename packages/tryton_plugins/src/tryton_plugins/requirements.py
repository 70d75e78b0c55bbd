"""Third-party libraries a plugin needs: are they on the server?"""

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tryton_plugins.errors import RequirementMissing


def check_requirements(plugin: str, requirements: Iterable[str], sites: Iterable[Path] = ()) -> None:
    """Whether each requirement is met by the environment or by plugins in *sites*.

    Raises: RequirementMissing naming the first that is not.
    """
    elsewhere = {
        canonicalize_name(found.metadata["Name"]): found.version
        for site in sites
        for found in metadata.distributions(path=[str(site)])
    }
    for line in requirements:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = elsewhere.get(canonicalize_name(requirement.name))
        if version is None:
            try:
                version = metadata.version(requirement.name)
            except metadata.PackageNotFoundError:
                raise RequirementMissing(plugin=plugin, requirement=line, found="nothing") from None
        if not requirement.specifier.contains(version, prereleases=True):
            raise RequirementMissing(plugin=plugin, requirement=line, found=version)
