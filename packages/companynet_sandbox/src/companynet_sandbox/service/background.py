"""Background sessions: what a user signs once, and which then authorises calls until it ends.  # L-021"""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from lxml import etree

from companynet_sandbox.access import refusal
from companynet_sandbox.access.certificates import check_signature
from companynet_sandbox.access.operations import BACKGROUND_OPERATIONS
from companynet_sandbox.access.refusal import Refusal
from companynet_sandbox.books.clock import ZONE, parse_moment
from companynet_sandbox.books.file import digest, setting
from companynet_sandbox.books.settings import number
from companynet_sandbox.service.contract import MODEL, Request, node
from companynet_sandbox.service.guard import Call, check_dik, login_of, session_of

#: The longest life this bank gives a session.  # L-205
_LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True)
class Permissions:
    """A permissionConfig: end time in UTC, operations by DIK.  # L-020"""

    end_time: datetime
    operations: dict[str, tuple[str, ...]]

    @classmethod
    def read(cls, request: Request) -> "Permissions":
        """What is asked for."""
        config = request.element("permissionConfig")
        found: dict[str, set[str]] = {}
        for entry in config.iter(f"{{{MODEL}}}BackgroundSessionPermissionEntry"):
            dik = (entry.findtext(f"{{{MODEL}}}DIK") or "").strip()
            names = {(item.text or "").strip() for item in entry.iterfind(f"{{{MODEL}}}allowedOperations")}
            found.setdefault(dik, set()).update(names)
        return cls(
            parse_moment(request.text("permissionConfig", "endTime")),
            {dik: tuple(sorted(names)) for dik, names in sorted(found.items())},
        )

    def to_node(self) -> etree._Element:
        """As an answer carries it."""
        entries = [
            node(
                "BackgroundSessionPermissionEntry",
                node("DIK", dik),
                *(node("allowedOperations", name) for name in names),
            )
            for dik, names in self.operations.items()
        ]
        end_time = self.end_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return node("permissionConfig", node("endTime", end_time), node("permissionsEntries", *entries))

    def canonical(self) -> str:
        """The same text for the same content."""
        return json.dumps([self.end_time.isoformat(), self.operations])


def init_create(call: Call) -> etree._Element:
    """Give out the text whose signature makes a session. It says in words what is asked for.  # L-234"""
    login = login_of(call)
    asked = _checked_permissions(call, login["login"])
    polish = call.request.text("context", "language") == "pl"
    end_time = f"{asked.end_time.astimezone(ZONE):%Y-%m-%d %H:%M:%S %Z}"
    lines = ["Zgoda na sesję długotrwałą CompanyNet" if polish else "Consent to a long-lived session of CompanyNet"]
    lines.append(f"{'Użytkownik' if polish else 'User'}: {login['login']}")
    for dik, names in asked.operations.items():
        lines.append(f"DIK {dik}: {', '.join(names)}")
    lines.append(f"{'Ważna do' if polish else 'Valid until'}: {end_time}")
    lines.append(f"{'Identyfikator' if polish else 'Identifier'}: {secrets.token_hex(24)}")
    text = "\n".join(lines)
    expires = call.now + timedelta(minutes=int(setting(call.db, "challenge_minutes")))
    call.db.execute(
        "INSERT INTO session_texts (login_id, text, asked, expires) VALUES (?, ?, ?, ?)",
        (login["id"], text, asked.canonical(), expires.isoformat()),
    )
    return node("initCreateBackgroundSessionWithSignatureResponse", node("return", text))


def create(call: Call) -> etree._Element:
    """Make a session from a signed text. Granted is what was asked for, without unknown operations and not longer
    than 366 days or the certificate; not shorter than the setting ``least_session_days``.  # L-022, L-205, L-235"""
    login = login_of(call)
    asked = _checked_permissions(call, login["login"])
    rows = call.db.execute(
        "SELECT id, text FROM session_texts WHERE login_id = ? AND asked = ? AND used = 0 AND expires > ?",
        (login["id"], asked.canonical(), call.now.isoformat()),
    ).fetchall()
    texts = {row["text"]: row["id"] for row in rows}
    text, certificate = check_signature(
        call.db, call.now, login["login"], call.request.text("signature"), list(texts)
    )
    granted = Permissions(
        min(
            max(asked.end_time, call.now + timedelta(days=number(call.db, "least_session_days"))),
            call.now + _LONGEST,
            certificate.not_valid_after_utc,
        ),
        {
            dik: known
            for dik, names in asked.operations.items()
            if (known := tuple(name for name in names if name in BACKGROUND_OPERATIONS))
        },
    )
    if not granted.operations:
        raise Refusal(
            refusal.PERMISSION_DENIED,
            "Żadna z wybranych operacji nie może być objęta sesją",
            "None of the operations asked for can be covered by a session",
        )
    call.db.execute("UPDATE session_texts SET used = 1 WHERE id = ?", (texts[text],))
    token = secrets.token_urlsafe(32)
    cursor = call.db.execute(
        "INSERT INTO sessions (digest, login, certificate, created, end_time) VALUES (?, ?, ?, ?, ?)",
        (
            digest(token),
            login["login"],
            certificate.subject.rfc4514_string(),
            call.now.isoformat(),
            granted.end_time.isoformat(),
        ),
    )
    call.session_id = cursor.lastrowid
    call.db.executemany(
        "INSERT INTO session_permissions VALUES (?, ?, ?)",
        [(cursor.lastrowid, dik, name) for dik, names in granted.operations.items() for name in names],
    )
    return node(
        "createBackgroundSessionWithSignatureResponse",
        node("return", node("sessionToken", token), granted.to_node()),
    )


def finish(call: Call) -> etree._Element:
    """End a session."""
    session = session_of(call)
    call.db.execute(
        "UPDATE sessions SET ended = ?, ended_by = 'user' WHERE id = ?", (call.now.isoformat(), session["id"])
    )
    return node("finishBackgroundSessionResponse")


def _checked_permissions(call: Call, login: str) -> Permissions:
    dik = call.required_dik()
    check_dik(call, login, dik)
    asked = Permissions.read(call.request)
    for wanted in asked.operations:
        check_dik(call, login, wanted)
    if asked.end_time <= call.now:
        raise Refusal(
            refusal.REQUEST_INVALID,
            "Data ważności sesji już minęła",
            f"The session would end at {asked.end_time.isoformat()}, which is past",
        )
    return asked
