"""The file of a session: what was begun, before the bank is asked; then the session with its token."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from companynet.cli.failures import Unusable
from companynet.cli.files import json_bytes, others_may_read, parts_left, read_json, write_new, write_whole
from companynet.domain import session_opening
from companynet.domain.session_opening import SessionOpening
from companynet.domain.session_snapshot import SessionKind, SessionSnapshot
from companynet.errors import FormatError
from companynet.profile import BankProfile

if TYPE_CHECKING:
    from companynet.client import CompanyNet


def read_session_file(path: Path) -> SessionSnapshot | SessionOpening:
    """What is in a session file.

    Raises:
        OSError: the file cannot be read.
        FormatError: it is no session file.
        Unusable: others may read it.
    """
    if others_may_read(path):
        raise Unusable(f"{path}: others than its owner may read it; end the session, or chmod 600 if nobody did")
    values = read_json(path)
    if isinstance(values, dict) and values.get("snapshot") == session_opening.KIND:
        return SessionOpening.from_json(values, str(path))
    return SessionSnapshot.from_json(values, str(path))


def load_session(path: Path, profile: BankProfile | None) -> SessionSnapshot:
    """The session of a file.

    Args:
        path: of the file.
        profile: the bank it shall be used with; None if with none.

    Raises:
        OSError: the file cannot be read.
        FormatError: it is no session file.
        Unusable: others may read it, its opening was not finished, or it is another bank's.
    """
    session = read_session_file(path)
    if isinstance(session, SessionOpening):
        raise Unusable(f"{path}: {unfinished(session)}; there is no token in it. {clear_away(path)}")
    if profile is not None and session.endpoint != profile.endpoint:
        raise Unusable(
            f"{path}: the session is of {session.endpoint}, the profile of {profile.endpoint}; a token is shown to "
            "its own bank only"
        )
    return session


def unfinished(opening: SessionOpening) -> str:
    """What an opening that did not come to its end was."""
    return f"the opening begun at {opening.begun_at:%Y-%m-%d %H:%M:%S %Z} for {opening.bank_user} was not finished"


def clear_away(path: Path) -> str:
    """What a person does about such an opening."""
    return (
        f"If no other program is at it, `session close --session {path}` clears it away and says what is at the bank"
    )


def sessions_left(path: Path) -> list[SessionSnapshot]:
    """Sessions whose token came and whose file a killed program was just writing."""
    found = []
    for part in parts_left(path):
        with contextlib.suppress(OSError, FormatError, Unusable):
            session = read_session_file(part)
            if isinstance(session, SessionSnapshot):
                found.append(session)
    return found


def remove(path: Path) -> None:
    """Remove a session file, and what killed programs left beside it.

    Raises:
        OSError: it cannot be removed.
    """
    for part in parts_left(path):
        part.unlink(missing_ok=True)
    path.unlink()


def end_at_bank(client: "CompanyNet", session: SessionSnapshot) -> None:
    """End a session or a login.

    Raises:
        BankError: as its outcome says; it is safe to ask again.
    """
    if session.kind is SessionKind.LOGIN:
        client.sessions.logout(session.token)
    else:
        client.sessions.finish(session.token)


class SessionFile:
    """The file of a session that is being opened.

    Args:
        path: where it is to be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opening: SessionOpening | None = None

    @property
    def opening(self) -> SessionOpening | None:
        """What was written down of the opening; None before it began."""
        return self._opening

    def refuse_if_there(self) -> None:
        """Refuse before anything is asked of a person.

        Raises:
            Unusable: there is a file; the text says of what kind.
        """
        if not self.path.exists():
            return
        left = None
        with contextlib.suppress(OSError, FormatError, Unusable):
            left = read_session_file(self.path)
        if isinstance(left, SessionOpening):
            raise Unusable(f"{self.path}: {unfinished(left)}. {clear_away(self.path)}")
        raise Unusable(f"{self.path} exists: close that session first, or name another file")

    def begin(self, opening: SessionOpening) -> None:
        """Write the opening down, before the bank is asked. Of two programs that begin at once one succeeds.

        Raises:
            Unusable: there is a file by now.
            OSError: it cannot be written.
        """
        try:
            write_new(self.path, json_bytes(opening.to_json()), private=True)
        except FileExistsError:
            raise Unusable(f"{self.path}: another program has just begun to open a session there") from None
        self._opening = opening

    def note_reference(self, reference: str) -> None:
        """Write down that the call that makes the session leaves now.

        Raises:
            Unusable: the opening is not there any more.
            OSError: it cannot be written.
        """
        opening = replace(self._own(), reference=reference)
        write_whole(self.path, json_bytes(opening.to_json()), private=True)
        self._opening = opening

    def keep(self, session: SessionSnapshot) -> None:
        """Put the session in the place of its opening.

        Raises:
            Unusable: the opening is not there any more.
            OSError: it cannot be written.
        """
        self._own()
        write_whole(self.path, json_bytes(session.to_json()), private=True)

    def drop(self) -> None:
        """Remove the opening, nothing having come of it."""
        with contextlib.suppress(OSError, Unusable):
            self._own()
            self.path.unlink()

    def _own(self) -> SessionOpening:
        """Our opening, which may have been cleared away, and the file taken for another session, meanwhile."""
        found = None
        with contextlib.suppress(OSError, FormatError, Unusable):
            found = read_session_file(self.path)
        if self._opening is None or found != self._opening:
            raise Unusable(f"{self.path} was removed or changed by somebody while the session was being opened")
        return self._opening
