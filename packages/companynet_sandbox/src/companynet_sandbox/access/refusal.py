"""How the bank says no: a code and a sentence.  # L-005"""

from collections.abc import Callable
from sqlite3 import Connection
from typing import Final

LOGIN_REFUSED: Final = "LOGIN_REFUSED"
CERTIFICATE_REFUSED: Final = "CERTIFICATE_REFUSED"
SIGNATURE_INVALID: Final = "SIGNATURE_INVALID"
DIK_REFUSED: Final = "DIK_REFUSED"
PERMISSION_DENIED: Final = "PERMISSION_DENIED"
SESSION_INVALID: Final = "SESSION_INVALID"
DUPLICATE_ID: Final = "DUPLICATE_ID"
ORDER_INVALID: Final = "ORDER_INVALID"
ORDER_GROUP_UNKNOWN: Final = "ORDER_GROUP_UNKNOWN"
THROTTLED: Final = "THROTTLED"
#: A call that fits no rule of its own: wrong version, an unknown task, days in wrong order.
REQUEST_INVALID: Final = "REQUEST_INVALID"


class Refusal(Exception):
    """The bank declines a call. Nothing of it is kept, save what ``afterwards`` writes.

    Args:
        code: one of the codes above.
        polish: the sentence for users of the Polish interface.
        english: for all others.
        afterwards: writes what must last although the call failed, such as a count of wrong passwords.
    """

    def __init__(
        self, code: str, polish: str, english: str, afterwards: Callable[[Connection], None] | None = None
    ) -> None:
        super().__init__(f"{code}: {english}")
        self.code = code
        self.polish = polish
        self.english = english
        self.afterwards = afterwards

    def message(self, language: str) -> str:
        """The sentence in a language of the contract."""
        return self.polish if language == "pl" else self.english
