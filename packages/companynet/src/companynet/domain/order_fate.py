"""What is known of an order file on its way, and the one table of how that changes.

Two rules stand behind each line of the table: what *may* be with the bank never becomes something that may be sent
again but by the bank's own word, and what the bank once said it has stays with the bank.
"""

import enum
from collections.abc import Mapping
from typing import Final


class Fate(enum.Enum):
    """What is known of a file that was to be sent."""

    SENDING = "sending"
    """Stored, and perhaps just leaving: until its caller has noted what came of it only the bank knows."""

    UNKNOWN = "unknown"
    """It may have left, and its answer was lost: only the bank knows. Never send it again before it was asked."""

    HANDED_IN = "handed_in"
    """The bank has the file as a task; whether it takes the orders is not told yet."""

    TAKEN = "taken"
    """The bank has the orders."""

    REFUSED = "refused"
    """The bank looked at the orders and took none of them."""

    NOT_SENT = "not_sent"
    """It is not with the bank: it never left, was turned away unread, or is known to be absent there."""


class Event(enum.Enum):
    """What may become known of it."""

    BEGIN = "it is to be sent, again"
    NOT_SENT = "it provably never left, or the bank turned the call away by a code that is on the profile's list"
    DOUBT = "it may have left: its answer was lost or strange, its ids were used before, or its process was killed"
    HANDED_IN = "the bank gave a task id"
    REFUSED = "the bank said that it took none of the orders"
    TAKEN = "the bank said that it has the orders: by the task's result, or by their states"
    ABSENT = "the bank does not know it, and the profile says that it would"
    DECLARED_ABSENT = "a person looked in CompanyNet and it is not there"
    NOTHING = "a question brought nothing"


def _row(begin: Fate | None, *others: Fate | None) -> Mapping[Event, Fate | None]:
    return dict(zip(Event, (begin, *others), strict=True))


_S, _U, _H, _T, _R, _N = Fate.SENDING, Fate.UNKNOWN, Fate.HANDED_IN, Fate.TAKEN, Fate.REFUSED, Fate.NOT_SENT

#: The next fate by fate and event; None where the event must not be caused: who tries gets an error, and nothing is
#: sent or given up. Late answers come too: a call that was thought dead may still tell what came of it.
TRANSITIONS: Final[Mapping[Fate, Mapping[Event, Fate | None]]] = {
    #                   BEGIN NOT_SENT DOUBT HANDED_IN REFUSED TAKEN ABSENT DECLARED NOTHING
    Fate.SENDING: _row(None, _N, _U, _H, _R, _T, _N, None, _S),
    Fate.UNKNOWN: _row(None, _N, _U, _H, _R, _T, _N, _N, _U),
    # With a task id no other source says that the bank has nothing.
    Fate.HANDED_IN: _row(None, _H, _H, _H, _R, _T, _H, None, _H),
    Fate.TAKEN: _row(None, _T, _T, _T, _T, _T, _T, None, _T),
    Fate.REFUSED: _row(_S, _R, _U, _H, _R, _T, _R, _R, _R),
    Fate.NOT_SENT: _row(_S, _N, _U, _H, _R, _T, _N, _N, _N),
}
