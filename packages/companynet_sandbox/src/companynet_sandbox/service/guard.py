"""Who calls, and whether they may: the rules of the context.  # L-207, L-208"""

from dataclasses import dataclass, field
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Final

from companynet_sandbox.access import refusal
from companynet_sandbox.access.refusal import Refusal
from companynet_sandbox.books.clock import parse_moment
from companynet_sandbox.books.file import digest
from companynet_sandbox.service.contract import Request

INTERFACE_VERSION: Final = "1.0.9"  # L-207


@dataclass
class Call:
    """A call being answered. Who it is for is filled in as it is found out, for the log."""

    db: Connection
    now: datetime
    request: Request
    login: str | None = None
    dik: str | None = None
    session_id: int | None = None
    token: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # L-016
        self.dik = self.request.text("context", "dik") or None
        self.token = self.request.text("context", "authenticationToken")

    def check_version(self) -> None:
        """Refuse another version of the interface."""
        version = self.request.text("context", "version")
        if version != INTERFACE_VERSION:
            raise Refusal(
                refusal.REQUEST_INVALID,
                f"Nieobsługiwana wersja interfejsu: {version}",
                f"Interface version {version} is not served, {INTERFACE_VERSION} is",
            )

    def required_dik(self) -> str:
        """The DIK of the context."""
        if self.dik is None:
            raise Refusal(
                refusal.DIK_REFUSED, "Brak numeru DIK w kontekście", "The context has no DIK, and this call needs one"
            )
        return self.dik


def check_user(call: Call, login: str) -> None:
    """Refuse a login unless the user is known and may act for the DIK of the context."""
    dik = call.required_dik()
    if call.db.execute("SELECT 1 FROM users WHERE login = ?", (login,)).fetchone() is None:
        raise Refusal(refusal.LOGIN_REFUSED, "Logowanie odrzucone", "The login is refused")
    call.login = login
    check_dik(call, login, dik)


def check_dik(call: Call, login: str, dik: str) -> None:
    """Refuse a DIK the user does not act for."""
    row = call.db.execute("SELECT 1 FROM user_diks WHERE login = ? AND dik = ?", (login, dik)).fetchone()
    if row is None:
        raise Refusal(
            refusal.DIK_REFUSED,
            f"Użytkownik {login} nie ma dostępu do DIK {dik}",
            f"User {login} does not act for DIK {dik}",
        )


def login_of(call: Call) -> Row:
    """The login whose token the call carries; not a background session's."""
    row: Row | None = call.db.execute("SELECT * FROM logins WHERE digest = ?", (digest(call.token),)).fetchone()
    if row is None or row["ended"] or parse_moment(row["expires"]) <= call.now:
        raise session_invalid()
    call.login = row["login"]
    return row


def session_of(call: Call) -> Row:
    """The background session whose token the call carries."""
    row: Row | None = call.db.execute("SELECT * FROM sessions WHERE digest = ?", (digest(call.token),)).fetchone()
    if row is not None:
        call.login, call.session_id = row["login"], row["id"]
    if row is None or row["ended"] or parse_moment(row["end_time"]) <= call.now:
        raise session_invalid()
    return row


def authorise(call: Call) -> str:
    """Refuse a business call unless its token covers the operation for the DIK of the context.

    A background session covers what was granted, also when its certificate was revoked since; a login covers all DIKs
    of its user.  # L-230

    Returns:
        The DIK.
    """
    if call.db.execute("SELECT 1 FROM sessions WHERE digest = ?", (digest(call.token),)).fetchone() is None:
        row = login_of(call)
        dik = call.required_dik()
        check_dik(call, row["login"], dik)
        return dik
    session = session_of(call)
    dik = call.required_dik()
    operation = call.request.operation
    granted = call.db.execute(
        "SELECT 1 FROM session_permissions WHERE session_id = ? AND dik = ? AND operation = ?",
        (session["id"], dik, operation),
    ).fetchone()
    if granted is None:
        raise Refusal(
            refusal.PERMISSION_DENIED,
            f"Sesja nie obejmuje operacji {operation} dla DIK {dik}",
            f"The session does not cover {operation} for DIK {dik}",
        )
    return dik


def session_invalid() -> Refusal:
    """The refusal of a token that is unknown, ended or out of its time: always the same."""
    return Refusal(refusal.SESSION_INVALID, "Sesja nieważna lub zakończona", "The session is not valid or has ended")
