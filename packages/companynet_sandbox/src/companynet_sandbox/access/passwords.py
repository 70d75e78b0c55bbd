"""One-time passwords: given to a user, good once, and blocked for good after too many wrong ones."""

from sqlite3 import Connection
from typing import Final

from companynet_sandbox.access import refusal
from companynet_sandbox.access.refusal import Refusal
from companynet_sandbox.books.file import digest

#: So many wrong passwords in a row block a user's passwords for good.  # L-213
_WRONG_PASSWORDS: Final = 3


def give(db: Connection, login: str, password: str) -> None:
    """Let a user log in once with this password; a blocked token is unblocked by it.

    Raises:
        ValueError: the user is not known.
    """
    if db.execute("UPDATE users SET wrong_passwords = 0 WHERE login = ?", (login,)).rowcount != 1:
        raise ValueError(f"user {login}: not known")
    db.execute("INSERT INTO passwords VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET used = 0", (login, digest(password)))


def take(db: Connection, login: str, password: str) -> None:
    """Use a known user's password up.

    Raises:
        Refusal: LOGIN_REFUSED: it is wrong or used, which is counted, or the user's passwords are blocked.
    """
    wrong = db.execute("SELECT wrong_passwords FROM users WHERE login = ?", (login,)).fetchone()[0]
    if wrong >= _WRONG_PASSWORDS:
        raise Refusal(
            refusal.LOGIN_REFUSED, "Token zablokowany", "The password token is blocked: the bank must unblock it"
        )
    used = db.execute(
        "UPDATE passwords SET used = 1 WHERE login = ? AND digest = ? AND used = 0", (login, digest(password))
    ).rowcount
    if not used:

        def count(later: Connection) -> None:
            later.execute("UPDATE users SET wrong_passwords = wrong_passwords + 1 WHERE login = ?", (login,))

        raise Refusal(
            refusal.LOGIN_REFUSED, "Nieprawidłowe hasło jednorazowe", "The one-time password is wrong", count
        )
    db.execute("UPDATE users SET wrong_passwords = 0 WHERE login = ?", (login,))
