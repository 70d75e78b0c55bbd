"""What the control plane says of itself: each route with a sentence, its parameters, and an example that works.

The list given out is that of the routes the control plane really has; a route without a note here is listed bare,
and a test fails.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from companynet_sandbox.books.numbers import make_nrb
from companynet_sandbox.customers import demo_data

_ORDER: Final = {"order": "oldest (the first shown) or newest", "limit": "at most so many rows, 1 to 10000"}
_AFTER: Final = "the id of the last row seen; the answer goes on after it, in the order asked for"


@dataclass(frozen=True)
class Note:
    """What a route does."""

    summary: str
    parameters: dict[str, str] = field(default_factory=dict)
    """Of a GET: name and meaning."""

    example: Any = None
    """Of a POST: a body; of a GET with parameters: their values. Made for the demonstration's books."""


NOTES: Final[dict[str, Note]] = {
    "GET /state": Note("time, settings, customers with all accounts and balances, users, faults: for small books"),
    "GET /clock": Note("the bank's time (UTC), its day, its zone, seconds away from the real time"),
    "GET /directory": Note("the customers, with how many accounts they have"),
    "GET /users": Note("the bank's users with their DIKs and registered certificates"),
    "GET /sessions": Note("the long-lived sessions with what they grant; never their tokens"),
    "GET /faults": Note("the faults ordered and not used up"),
    "GET /tasks": Note("the tasks, and whether their answers were confirmed"),
    "GET /choices": Note("the values of filters and forms: operations, kinds of fault, states, outcomes"),
    "GET /accounts": Note(
        "accounts with balances",
        {"dik": "only this customer's", "after": "the account number last seen", "limit": _ORDER["limit"]},
        {"dik": demo_data.DIK_ALFA, "limit": "10"},
    ),
    "GET /days": Note(
        "the days of an account that have entries, the newest first, with count, turnover and balances",
        {"account": "its number, 26 digits", "after": "the day last seen", "limit": _ORDER["limit"]},
        {"account": demo_data.ALFA_PLN, "limit": "10"},
    ),
    "GET /entries": Note(
        "booked entries, all of them if nothing is asked for",
        {"account": "only its entries", "day": "only those booked on it, YYYY-MM-DD", "after": _AFTER, **_ORDER},
        {"account": demo_data.ALFA_PLN, "day": "2026-01-05", "order": "newest", "limit": "100"},
    ),
    "GET /orders": Note(
        "order groups with their orders and the orders' histories",
        {
            "status": "only orders in this state",
            "group": "only this group, by the bank's id or the customer's own",
            "dik": "only this customer's",
            "after": "the group id last seen",
            **_ORDER,
        },
        {"status": "TO_AUTH", "order": "newest", "limit": "20"},
    ),
    "GET /calls": Note(
        "calls of the web service; 1000 if no limit is given, and without after the newest ones",
        {"operation": "only of this one", "outcome": "only those that ended so", "after": _AFTER, **_ORDER},
        {"operation": "getStatus", "order": "newest", "limit": "50"},
    ),
    "GET /agenda": Note("what the bank has to do, the next first"),
    "GET /expected": Note("transfers of other banks that are on their way, and what became of them"),
    "GET /customers": Note("of every customer: how many people authorise, and whether it is blocked"),
    "GET /counterparties": Note("accounts at other banks that do not simply take what comes"),
    "GET /statement": Note(
        "one account's statement of one day, as the file and not as JSON; looking at it does not close the day",
        {"account": "its number", "day": "YYYY-MM-DD", "format": "mt940 if not given"},
        {"account": demo_data.ALFA_PLN, "day": "2026-01-05", "format": "mt940"},
    ),
    "POST /certificates": Note(
        "register a certificate for a user, or a list of such",
        example={"user": demo_data.USER_ALFA, "certificate_pem": "-----BEGIN CERTIFICATE-----…"},
    ),
    "POST /certificates/revoke": Note("revoke a certificate, for all users", example={"sha256": "0123abcd…"}),
    "POST /passwords": Note(
        "let a user log in once with a password; a blocked token is unblocked",
        example={"user": demo_data.USER_ALFA, "password": "1234567890"},
    ),
    "POST /incoming": Note(
        "book an incoming transfer, or a list of them: all or none",
        example={
            "account": demo_data.ALFA_PLN,
            "amount": "123.00",
            "debtor_name": "Gamma sp. z o.o.",
            "debtor_account": "83101010230000261395100000",
            "title": "FV 12/03/2026",
        },
    ),
    "POST /entries": Note(
        "book an entry of any code, or a list of them: all or none; fields are label and value of :86:",
        example={
            "account": demo_data.ALFA_PLN,
            "amount": "-35.00",
            "code": "794",
            "fields": [["TYT.", "Opłata za pakiet"]],
        },
    ),
    "POST /clock": Note(
        "set the bank's time (without a zone it is Warsaw's) or move it, then carry out what is due",
        example={"advance_seconds": 3600},
    ),
    "POST /book": Note("carry out the authorised orders whose day has come", example={}),
    "POST /authorise": Note(
        "do what people do in CompanyNet: authorise a group's orders (group_id), or all", example={"all": True}
    ),
    "POST /deny": Note(
        "refuse a group's orders that are not carried out yet, or one by its EndToEndId (order_reference)",
        example={"all": True, "reason": "Odmowa banku"},
    ),
    "POST /faults": Note(
        'order a fault (GET /choices names operations and kinds), or forget all with {"clear": true}',
        example={"operation": "getStatus", "kind": "slow", "count": 1, "skip": 0, "seconds": 5},
    ),
    "POST /sessions/end": Note(
        "end sessions as the bank: one (session_id), a user's (user), or all", example={"user": demo_data.USER_ALFA}
    ),
    "POST /accounts": Note(
        "close an account, or open it again", example={"account": demo_data.ALFA_PLN, "closed": False}
    ),
    "POST /accounts/open": Note(
        "open an account; with vat_of as the VAT account of that one",
        example={"account": make_nrb("11401010", "0000525244001099"), "dik": demo_data.DIK_ALFA, "opening": "0.00"},
    ),
    "POST /accounts/block": Note(
        "block an account, or let its stopped orders go on", example={"account": demo_data.ALFA_PLN, "blocked": False}
    ),
    "POST /customers": Note(
        "how many people authorise a customer's orders, and whether it is blocked; what is absent stays",
        example={"dik": demo_data.DIK_ALFA, "people": 1, "blocked": False},
    ),
    "POST /users/diks": Note(
        "let a user act for one more customer",
        example={"user": demo_data.USER_BETA, "dik": demo_data.DIK_BETA},
    ),
    "POST /expected": Note(
        "let another bank send a transfer: it comes in at the hours of its kind",
        example={"account": demo_data.ALFA_PLN, "amount": "5.00", "debtor_name": "Gamma sp. z o.o."},
    ),
    "POST /counterparties": Note(
        "how another bank deals with transfers to an account: take, return or refuse",
        example={"account": "83101010230000261395100000", "behaviour": "return"},
    ),
    "POST /orders/edit": Note(
        "change values of one order as a person of the customer",
        example={"group_id": "GROUP", "order_reference": "ORDER", "title": "FV 1/2026"},
    ),
    "POST /orders/delete": Note("delete orders as a person of the customer", example={"group_id": "GROUP"}),
    "POST /orders/stop": Note("stop orders as the bank, until they are released or denied", example={"all": True}),
    "POST /orders/release": Note("let stopped orders go on", example={"all": True}),
    "POST /settings": Note("change settings", example={"polls": 1, "open_days": False}),
}


def describe(readers: Iterable[str], writers: Iterable[str]) -> list[dict[str, Any]]:
    """The routes, sorted by path, each with its note."""
    routes = [*(("GET", path) for path in readers), *(("POST", path) for path in writers)]
    made = []
    for method, path in sorted(routes, key=lambda route: (route[1], route[0])):
        note = NOTES.get(f"{method} {path}", Note(""))
        made.append(
            {
                "method": method,
                "path": path,
                "summary": note.summary,
                "parameters": note.parameters,
                "example": note.example,
            }
        )
    return made
