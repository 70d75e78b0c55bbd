"""What the control plane is asked to show, with parameters: which rows, in which order, how many.

Parameters are read as strictly as bodies: a wrong or unknown one is an error that names it.
"""

import re
from collections.abc import Callable
from datetime import date
from sqlite3 import Connection
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

from companynet_sandbox.access import demands
from companynet_sandbox.access.operations import OPERATIONS
from companynet_sandbox.control import views
from companynet_sandbox.control.requests import RequestWrong

#: So many rows a page has at most, where a page is asked for.
LARGEST_PAGE: Final = 10_000
#: So many calls are shown if nobody says how many.
_CALLS: Final = 1000


class Query:
    """The parameters of a request, taken one by one.

    Args:
        text: what follows the question mark.
        place: names them in errors.

    Raises:
        RequestWrong: a parameter is there twice.
    """

    def __init__(self, text: str, place: str) -> None:
        self._place = place
        self._values: dict[str, str] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            if name in self._values:
                raise RequestWrong(f"{place}: {name} is given twice")
            self._values[name] = value

    def text(self, name: str) -> str:
        """A text; empty if absent."""
        return self._values.pop(name, "")

    def day(self, name: str) -> date | None:
        """A day; None if absent."""
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise RequestWrong(f"{self._place}: {name} must be a day YYYY-MM-DD, is {text!r}") from None

    def page(
        self, limit: int | None = None, *, numbered: bool = False, dated: bool = False, ordered: bool = True
    ) -> views.Page:
        """``order``, ``after`` and ``limit``.

        Args:
            limit: how many rows, if the request does not say; None for all.
            numbered: whether the rows' ids are numbers.
            dated: whether the rows' ids are days.
            ordered: whether the order can be chosen.
        """
        order = (self.text("order") if ordered else "") or "oldest"
        after, most = (str(self.day("after") or "") if dated else self.text("after")), self.text("limit")
        if order not in ("oldest", "newest"):
            raise RequestWrong(f"{self._place}: order must be oldest or newest, is {order!r}")
        if numbered and after and not re.fullmatch(r"\d{1,18}", after, re.ASCII):
            raise RequestWrong(f"{self._place}: after must be the id of a row, a whole number, is {after!r}")
        if most:
            if not re.fullmatch(r"\d{1,9}", most, re.ASCII) or not 1 <= int(most) <= LARGEST_PAGE:
                raise RequestWrong(f"{self._place}: limit must be 1 to {LARGEST_PAGE}, is {most!r}")
            limit = int(most)
        direction: Literal["oldest", "newest"] = "newest" if order == "newest" else "oldest"
        return views.Page(direction, after) if limit is None else views.Page(direction, after, limit)

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self._values:
            raise RequestWrong(f"{self._place}: unknown parameters {', '.join(sorted(self._values))}")


def _accounts(db: Connection, query: Query) -> list[dict[str, Any]]:
    dik, page = query.text("dik"), query.page(ordered=False)
    query.end()
    return views.accounts(db, dik, page)


def _days(db: Connection, query: Query) -> list[dict[str, Any]]:
    account, page = query.text("account"), query.page(dated=True, ordered=False)
    query.end()
    if not account:
        raise RequestWrong("GET /days: account must be given")
    return views.days(db, account, page)


def _entries(db: Connection, query: Query) -> list[dict[str, Any]]:
    account, day, page = query.text("account"), query.day("day"), query.page(numbered=True)
    query.end()
    return views.entries(db, account, day, page)


def _orders(db: Connection, query: Query) -> list[dict[str, Any]]:
    status, group, dik, page = query.text("status"), query.text("group"), query.text("dik"), query.page()
    query.end()
    return views.orders(db, status, group, dik, page)


def _calls(db: Connection, query: Query) -> list[dict[str, Any]]:
    operation, outcome, page = query.text("operation"), query.text("outcome"), query.page(_CALLS, numbered=True)
    query.end()
    return views.calls(db, operation, outcome, page)


def _choices(db: Connection, query: Query) -> dict[str, Any]:
    query.end()
    return {
        "operations": list(OPERATIONS),
        "fault_kinds": demands.KINDS,
        "order_states": views.order_states(db),
        "call_outcomes": views.call_outcomes(db),
    }


QUERIES: Final[dict[str, Callable[[Connection, Query], Any]]] = {
    "/accounts": _accounts,
    "/days": _days,
    "/entries": _entries,
    "/orders": _orders,
    "/calls": _calls,
    "/choices": _choices,
}
