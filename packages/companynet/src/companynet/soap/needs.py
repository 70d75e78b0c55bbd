"""What each operation is given and what is wanted of its answer, as data: names and kinds of values.

This is all that the library asks of a WSDL. :mod:`companynet.soap.fitting` makes requests of it for the types that a
WSDL declares, :mod:`companynet.soap.answers` reads answers by it; how a WSDL wraps arrays, in which namespaces, and
what else it has, nobody else knows.  # L-015, L-031
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


class Kind(enum.Enum):
    """What a value is."""

    TEXT = "a text, every character of which counts"
    ID = "a name or number somebody gave, without blanks around it"
    FLAG = "yes or no"
    COUNT = "a number of people, or whether there are any"
    DAY = "a day at the bank"
    TIME = "a moment"
    DATA = "the bytes of a file"


@dataclass(frozen=True)
class Value:
    """One value."""

    kind: Kind
    needed: bool = True
    """Of a request: an operation without a place for it is of no use. Of an answer: without it there is none."""


@dataclass(frozen=True)
class Group:
    """Values that belong together, by their names."""

    parts: "Mapping[str, Need]"
    needed: bool = True
    tolerant: bool = False
    """Of an answer: where it cannot be read that is told (:class:`Unreadable`), and the rest is not lost for it."""


@dataclass(frozen=True)
class Many:
    """A list. What it is wrapped in, and the name of its items, do not matter."""

    item: "Need"
    needed: bool = True


Need = Value | Group | Many


@dataclass(frozen=True)
class Unreadable:
    """In place of a tolerant group: it was there and could not be read."""

    reason: str
    """Names only, no value of the answer."""


@dataclass(frozen=True)
class Exchange:
    """An operation: what goes in and what is wanted of what comes out."""

    request: Group
    answer: Need | None = None
    """None: nothing; whatever the answer holds is not looked at."""


def _dispensable(kind: Kind) -> Value:
    return Value(kind, needed=False)


# L-016
_CONTEXT: Final = Group(
    {
        "dik": Value(Kind.ID),
        "language": _dispensable(Kind.ID),
        "version": _dispensable(Kind.ID),
        "clientInfo": _dispensable(Kind.ID),
        "clientVersion": _dispensable(Kind.ID),
        "authenticationToken": Value(Kind.ID),
    }
)


def _request(**parts: Need) -> Group:
    return Group({"context": _CONTEXT, **parts})


# L-018; that it may be missing: L-032
_LOGIN: Final = Group(
    {"generatedToken": Value(Kind.ID), "confirmationsRequired": _dispensable(Kind.COUNT)},
)
# L-020
_PERMISSIONS: Final[Mapping[str, Need]] = {
    "endTime": Value(Kind.TIME),
    "permissionsEntries": Many(Group({"DIK": Value(Kind.ID), "allowedOperations": Many(Value(Kind.ID))})),
}
# L-028
_METADATA: Final = Group(
    {
        "clientOrderGroupId": Value(Kind.ID),
        "fileName": Value(Kind.ID),
        "format": Value(Kind.ID),
        "encoding": Value(Kind.ID),
        "md5": Value(Kind.ID),
        "modificationDate": Value(Kind.TIME),
        "editable": Value(Kind.FLAG),
        "sendToAuth": Value(Kind.FLAG),
        # Not said is not wanted: they are only ever "no".
        "orderAwaitingFunds": _dispensable(Kind.FLAG),
        "massPayment": _dispensable(Kind.FLAG),
        "massPlus": _dispensable(Kind.FLAG),
        "massTransfer": _dispensable(Kind.FLAG),
    }
)
# L-030
_STATE: Final = Group(
    {
        "orderGroupId": _dispensable(Kind.ID),
        "orderReference": _dispensable(Kind.ID),
        "status": Group({"statusKey": Value(Kind.ID), "description": _dispensable(Kind.TEXT)}),
    }
)
# L-027
_ERROR: Final = Group(
    {
        "code": Value(Kind.ID),
        "message": _dispensable(Kind.TEXT),
        "orderReference": _dispensable(Kind.ID),
    }
)

#: Every operation of :data:`companynet.outcomes.OPERATIONS`.  # L-015
NEEDS: Final[Mapping[str, Exchange]] = {
    # L-018
    "login": Exchange(_request(userLogin=Value(Kind.ID), token=Value(Kind.ID)), _LOGIN),
    "initLoginWithSignature": Exchange(_request(userLogin=Value(Kind.ID)), Value(Kind.TEXT)),
    "loginWithSignature": Exchange(_request(userLogin=Value(Kind.ID), signature=Value(Kind.TEXT)), _LOGIN),
    "logout": Exchange(_request()),
    # L-020, L-022
    "initCreateBackgroundSessionWithSignature": Exchange(
        _request(permissionConfig=Group(_PERMISSIONS)), Value(Kind.TEXT)
    ),
    "createBackgroundSessionWithSignature": Exchange(
        _request(signature=Value(Kind.TEXT), permissionConfig=Group(_PERMISSIONS)),
        Group(
            {
                "sessionToken": Value(Kind.ID),
                "permissionConfig": Group(_PERMISSIONS, needed=False, tolerant=True),
            }
        ),
    ),
    "finishBackgroundSession": Exchange(_request()),
    # L-023
    "getMT940Ex": Exchange(
        Group(
            {
                "context": _CONTEXT,
                "from": Value(Kind.DAY),
                "to": Value(Kind.DAY),
                "compressed": _dispensable(Kind.FLAG),
            }
        ),
        Group({"taskId": Value(Kind.ID)}),
    ),
    "checkGetMT940Result": Exchange(
        _request(taskId=Value(Kind.ID)),
        Group(
            {
                "finished": Value(Kind.FLAG),
                "reports": Many(Group({"content": _dispensable(Kind.TEXT)}), needed=False),
            }
        ),
    ),
    # L-025
    "confirmResponseReceived": Exchange(_request(taskId=Value(Kind.ID))),
    # L-026
    "universalPaymentSend": Exchange(
        _request(
            orderMetadata=_METADATA,
            data=Value(Kind.DATA),
            validationErrorsAreFatal=Value(Kind.FLAG),
        ),
        Group({"taskId": Value(Kind.ID)}),
    ),
    "checkPaymentSendResult": Exchange(
        _request(taskId=Value(Kind.ID)),
        Group(
            {
                "finished": Value(Kind.FLAG),
                "groupId": _dispensable(Kind.ID),
                "errors": Many(_ERROR, needed=False),
            }
        ),
    ),
    "getStatus": Exchange(_request(orderGroupId=Value(Kind.ID)), Many(_STATE)),
}


class Names:
    """The bank's names of ours, where the profile says they are others.

    Args:
        other: ours to the bank's; ours alone, or behind ``operation/`` for that operation.
    """

    def __init__(self, other: Mapping[str, str]) -> None:
        self._other = other

    def operation(self, name: str) -> str:
        """What the bank calls the operation."""
        return self._other.get(name, name)

    def part(self, operation: str, name: str) -> str:
        """What the bank calls a part of it."""
        return self._other.get(f"{operation}/{name}", self._other.get(name, name))
