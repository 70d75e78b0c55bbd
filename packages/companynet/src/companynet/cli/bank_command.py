"""What every command that talks to the bank has: its options, and profile, session and DIK made from them."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from companynet.cli.connection import connected
from companynet.cli.failures import Unusable, told
from companynet.cli.session_file import load_session
from companynet.domain.session_snapshot import SessionSnapshot
from companynet.profile import BankProfile

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from companynet.client import CompanyNet


def add_action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    words: str,
    epilog: str,
    run: Callable[[argparse.Namespace], int],
    *,
    profile_needed: bool = True,
    session: str = "the session file that `session open` made, for its owner's eyes alone",
    dik: bool = True,
    json: str = "one JSON object in place of words",
) -> argparse.ArgumentParser:
    """Add a command with the options all of them have.

    Args:
        actions: where to add it.
        name: of the command.
        words: its help in a line.
        epilog: its help at length.
        run: arguments to exit status; what it is expected to raise is told in a sentence.
        profile_needed: whether ``--profile`` must be given.
        session: help of ``--session``.
        dik: whether it is for one DIK of the session.
        json: help of ``--json``.
    """
    parser = actions.add_parser(name, help=words, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    text = "the bank profile, a JSON object; endpoint is all it must have"
    add("--profile", required=profile_needed, type=Path, metavar="FILE", help=text)
    text = "write what goes over the line to a new file, masked: a test can replay it (docs/guide/contract-suite.md)"
    add("--record", type=Path, metavar="FILE", help=text)
    add("--session", required=True, type=Path, metavar="FILE", help=session)
    if dik:
        add("--dik", metavar="DIK", help="the customer number; not needed where the session covers one")
    add("--json", action="store_true", help=json)
    parser.set_defaults(run=told(run))
    return parser


@dataclass(frozen=True)
class OnSession:
    """A command's profile and session."""

    profile: BankProfile
    """The bank."""

    session: SessionSnapshot
    """Of that bank."""

    dik_given: str | None
    """``--dik``, if the command has it."""

    record: Path | None
    """``--record``."""

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "OnSession":
        """Read what the options name.

        Raises:
            ProfileError: the profile cannot be used.
            OSError, FormatError, Unusable: as for :func:`companynet.cli.session_file.load_session`.
        """
        profile = BankProfile.load(arguments.profile)
        session = load_session(arguments.session, profile)
        return cls(profile, session, getattr(arguments, "dik", None), arguments.record)

    @property
    def dik(self) -> str:
        """The DIK the command is for.

        Raises:
            Unusable: it is not covered, or not told though there are several.
        """
        return choose_dik(self.session, self.dik_given)

    def connected(self) -> "AbstractContextManager[CompanyNet]":
        """A client, see :func:`companynet.cli.connection.connected`."""
        return connected(self.profile, self.record)


def choose_dik(session: SessionSnapshot, given: str | None) -> str:
    """One DIK of a session.

    Raises:
        Unusable: it is not covered, or not told though there are several.
    """
    covered = ", ".join(session.diks)
    if given is None:
        if len(session.diks) > 1:
            raise Unusable(f"the session covers several DIKs ({covered}): choose one with --dik")
        return session.diks[0]
    if given not in session.diks:
        raise Unusable(f"--dik {given}: the session covers {covered}")
    return given
