"""What the bank granted against what was asked."""

import enum
from dataclasses import dataclass

from companynet.domain.session import PermissionConfig


class Lack(enum.Enum):
    """In what a grant falls short."""

    END_TIME = "end_time"
    """The session ends earlier than asked."""

    DIK = "dik"
    """A DIK is not covered at all."""

    OPERATION = "operation"
    """A DIK is covered, but not for this operation."""


@dataclass(frozen=True)
class GrantDifference:
    """One thing that was asked for and not granted."""

    lack: Lack
    """What kind of thing."""

    asked: str
    """The time (ISO 8601, UTC), DIK or operation that was asked for."""

    granted: str | None = None
    """The time granted; None for a DIK or an operation."""

    dik: str | None = None
    """Of which customer; None for the end."""

    def __str__(self) -> str:
        if self.lack is Lack.END_TIME:
            return f"the session ends at {self.granted} in place of {self.asked}"
        if self.lack is Lack.DIK:
            return f"DIK {self.dik} is not covered"
        return f"DIK {self.dik} is not covered for {self.asked}"


def grant_differences(asked: PermissionConfig, granted: PermissionConfig) -> tuple[GrantDifference, ...]:
    """What was asked for and not granted; empty if all of it was.

    Seconds are what a session's end is told in. What was granted beyond what was asked is no difference: it is in
    ``granted`` for who wants to look.
    """
    found = []
    wanted, given = (config.end_time_utc.replace(microsecond=0) for config in (asked, granted))
    if given < wanted:
        found.append(GrantDifference(Lack.END_TIME, wanted.isoformat(), given.isoformat()))
    covered = {permission.dik: permission.operations for permission in granted.permissions}
    for permission in asked.permissions:
        dik = permission.dik
        if dik not in covered:
            found.append(GrantDifference(Lack.DIK, dik, dik=dik))
            continue
        missing = sorted(permission.operations - covered[dik])
        found += [GrantDifference(Lack.OPERATION, operation, dik=dik) for operation in missing]
    return tuple(found)
