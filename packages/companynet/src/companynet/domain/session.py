"""Values of logins and long-lived sessions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from companynet.domain.kind import ERP_OPERATIONS, Kind


class Secret:
    """A text that never shows itself: not in repr, str, format, nor in a pickle.

    Two secrets of the same text are equal.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text; for the one place that sends or seals it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is not pickled")


@dataclass(frozen=True)
class Permission:
    """What a session may do for one DIK."""

    dik: str
    """The customer number given by the bank."""

    operations: frozenset[str] = ERP_OPERATIONS
    """Names of operations of the contract."""

    @classmethod
    def of(cls, dik: str, kinds: Iterable[Kind]) -> "Permission":
        """What the kinds need, and no more.

        Raises:
            ValueError: there is no kind.
        """
        operations = frozenset[str]().union(*(kind.operations for kind in kinds))
        if not operations:
            raise ValueError("a session is for at least one kind of work")
        return cls(dik, operations)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds that are covered whole."""
        return tuple(kind for kind in Kind if kind.operations <= self.operations)

    @property
    def kinds_in_part(self) -> tuple[Kind, ...]:
        """The kinds of which something is covered, and not all."""
        return tuple(kind for kind in Kind if self.operations & kind.operations and self.missing(kind))

    @property
    def of_no_kind(self) -> frozenset[str]:
        """The operations that belong to no kind: the bank may grant what nobody knows here."""
        return self.operations - ERP_OPERATIONS

    def missing(self, kind: Kind) -> frozenset[str]:
        """The operations the kind needs that are not covered."""
        return kind.operations - self.operations


@dataclass(frozen=True)
class PermissionConfig:
    """What a long-lived session is asked, or granted, to do."""

    end_time: datetime
    """The end of the session; aware, any zone."""

    permissions: tuple[Permission, ...]
    """One entry per DIK."""

    def __post_init__(self) -> None:
        if self.end_time.tzinfo is None:
            raise ValueError("the end of a session needs a time zone")
        if not self.permissions:
            raise ValueError("a session covers at least one DIK")
        diks = [permission.dik for permission in self.permissions]
        if len(set(diks)) != len(diks):
            raise ValueError(f"a DIK is named twice: {', '.join(diks)}")

    @property
    def diks(self) -> tuple[str, ...]:
        """The DIKs covered, in the order given."""
        return tuple(permission.dik for permission in self.permissions)

    @property
    def end_time_utc(self) -> datetime:
        """The end of the session in UTC."""
        return self.end_time.astimezone(UTC)


@dataclass(frozen=True)
class Login:
    """A login that is good for the next few calls."""

    token: Secret
    """Goes into the context of later calls."""

    confirmations_required: int
    """How many more people the bank wants to confirm; 0 for none."""


@dataclass(frozen=True)
class BackgroundSession:
    """A long-lived session („sesja długotrwała”), as the bank made it."""

    token: Secret
    """Authorises every later call."""

    granted: PermissionConfig
    """What the bank granted, which may be less than was asked for."""

    doubt: str | None = None
    """What of the bank's answer could not be read, so that ``granted`` is only what was asked; None if all could."""
