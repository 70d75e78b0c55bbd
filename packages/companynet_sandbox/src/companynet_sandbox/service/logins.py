"""Logging in: by signature, or with a one-time password; and out again.  # L-018"""

import secrets
from datetime import timedelta

from lxml import etree

from companynet_sandbox.access import passwords, refusal
from companynet_sandbox.access.certificates import check_signature
from companynet_sandbox.access.refusal import Refusal
from companynet_sandbox.books.file import digest, setting
from companynet_sandbox.service.contract import node
from companynet_sandbox.service.guard import Call, check_user, login_of


def init_login_with_signature(call: Call) -> etree._Element:
    """Give out a challenge: for one user, one use and a short time.  # L-234"""
    login = call.request.text("userLogin")
    check_user(call, login)
    moment = call.now.isoformat().replace("+00:00", "Z")
    text = f"CompanyNet {call.dik} {login} {moment} {secrets.token_hex(24)}"
    expires = call.now + timedelta(minutes=int(setting(call.db, "challenge_minutes")))
    call.db.execute(
        "INSERT INTO challenges (login, dik, text, expires) VALUES (?, ?, ?, ?)",
        (login, call.dik, text, expires.isoformat()),
    )
    return node("initLoginWithSignatureResponse", node("return", text))


def login_with_signature(call: Call) -> etree._Element:
    """Log in with a signed challenge."""
    login = call.request.text("userLogin")
    check_user(call, login)
    rows = call.db.execute(
        "SELECT id, text FROM challenges WHERE login = ? AND dik = ? AND used = 0 AND expires > ? ORDER BY id DESC",
        (login, call.dik, call.now.isoformat()),
    ).fetchall()
    if not rows:
        raise Refusal(
            refusal.LOGIN_REFUSED,
            "Brak wyzwania lub jego czas minął",
            "No challenge was given out, or its time is over: ask for one first",
        )
    challenges = {row["text"]: row["id"] for row in rows}
    text, _certificate = check_signature(call.db, call.now, login, call.request.text("signature"), list(challenges))
    call.db.execute("UPDATE challenges SET used = 1 WHERE id = ?", (challenges[text],))
    return node("loginWithSignatureResponse", _open(call, login))


def login_with_password(call: Call) -> etree._Element:
    """Log in with a one-time password."""
    login = call.request.text("userLogin")
    check_user(call, login)
    passwords.take(call.db, login, call.request.text("token"))
    return node("loginResponse", _open(call, login))


def logout(call: Call) -> etree._Element:
    """End a login."""
    row = login_of(call)
    call.db.execute("UPDATE logins SET ended = 1 WHERE id = ?", (row["id"],))
    return node("logoutResponse")


def _open(call: Call, login: str) -> etree._Element:
    token = secrets.token_urlsafe(32)
    expires = call.now + timedelta(minutes=int(setting(call.db, "login_minutes")))
    call.db.execute(
        "INSERT INTO logins (digest, login, dik, expires) VALUES (?, ?, ?, ?)",
        (digest(token), login, call.dik, expires.isoformat()),
    )
    return node(
        "return",
        node("generatedToken", token),
        node("confirmationsRequired", setting(call.db, "confirmations_required")),
    )
