"""``companynet session open|show|close``: a session in a file that its owner alone reads."""

import argparse
import contextlib
import json
from typing import TYPE_CHECKING

from companynet.cli import session_open
from companynet.cli.bank_command import OnSession, add_action, choose_dik
from companynet.cli.connection import connected
from companynet.cli.failures import EXIT_STATUS, Unusable
from companynet.cli.output import FOUND_PROBLEMS, say
from companynet.cli.session_file import (
    end_at_bank,
    load_session,
    read_session_file,
    remove,
    sessions_left,
    unfinished,
)
from companynet.cli.session_shown import JSON_HELP, differences_of, left_at_bank, print_opening, print_session
from companynet.clock import SYSTEM_CLOCK
from companynet.domain.session import Permission
from companynet.domain.session_opening import SessionOpening
from companynet.domain.session_snapshot import SessionSnapshot
from companynet.errors import SessionInvalid
from companynet.profile import BankProfile

if TYPE_CHECKING:
    from companynet.client import CompanyNet

_CLOSE = f"""\
An opening that did not come to its end is cleared away, and what the bank may have of it is told.

{EXIT_STATUS}1 means here: the bank may have a session whose token never came.
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``session`` to the commands."""
    session = commands.add_parser("session", help="sessions at the bank")
    actions = session.add_subparsers(title="actions", required=True, metavar="ACTION")
    session_open.add_parser(actions)
    words = "show a session file; with --prove ask the bank"
    show = add_action(actions, "show", words, EXIT_STATUS, _show, profile_needed=False, json=JSON_HELP)
    show.add_argument("--prove", action="store_true", help="ask the bank whether it lives; needs --profile")

    words = "end a session at the bank and remove its file"
    add_action(actions, "close", words, _CLOSE, _close, dik=False, json=JSON_HELP)


def _show(arguments: argparse.Namespace) -> int:
    if arguments.prove and arguments.profile is None:
        raise Unusable("--prove needs --profile")
    if arguments.record and not arguments.prove:
        raise Unusable("--record needs --prove: without it nothing goes over the line")
    profile = BankProfile.load(arguments.profile) if arguments.profile else None
    if not arguments.prove:
        left = read_session_file(arguments.session)
        if isinstance(left, SessionOpening):
            print_opening(arguments, left)
            return FOUND_PROBLEMS
    session = load_session(arguments.session, profile)
    proven = None
    if arguments.prove and profile is not None:
        with connected(profile, arguments.record) as client:
            _prove(client, session, choose_dik(session, arguments.dik))
        proven = True
    print_session(arguments, session, proven=proven)
    ended = session.granted is not None and session.granted.end_time <= SYSTEM_CLOCK.now()
    return FOUND_PROBLEMS if ended or differences_of(session) else 0


def _prove(client: "CompanyNet", session: SessionSnapshot, dik: str) -> None:
    granted = {permission.dik: permission for permission in session.granted.permissions} if session.granted else {}
    try:
        # A login may do all that its user may.
        client.sessions.prove(session.token, dik, granted.get(dik, Permission(dik)).operations)
    except ValueError as error:
        reason = str(error)
    else:
        return
    raise Unusable(reason)


def _close(arguments: argparse.Namespace) -> int:
    left = read_session_file(arguments.session)
    if isinstance(left, SessionOpening):
        return _close_opening(arguments, left)
    on = OnSession.of(arguments)
    ended = "ended"
    with on.connected() as client:
        try:
            end_at_bank(client, on.session)
        except SessionInvalid:
            ended = "had ended already"
    remove(arguments.session)
    if arguments.json:
        say(json.dumps({"session": str(arguments.session), "outcome": ended, "reference": None}))
    else:
        say(f"the session of {on.session.bank_user} {ended}; {arguments.session} is removed")
    return 0


def _close_opening(arguments: argparse.Namespace, opening: SessionOpening) -> int:
    """Clear away what an opening left that did not come to its end."""
    profile = BankProfile.load(arguments.profile)
    outcome = "unknown" if opening.session_may_exist else "not made"
    for session in sessions_left(arguments.session):
        if (session.endpoint, session.dik, session.bank_user) != (profile.endpoint, opening.dik, opening.bank_user):
            continue
        with connected(profile, arguments.record) as client, contextlib.suppress(SessionInvalid):
            end_at_bank(client, session)
        outcome = "ended"
    remove(arguments.session)
    if arguments.json:
        values = {"session": str(arguments.session), "outcome": outcome, "reference": opening.reference}
        say(json.dumps(values))
    else:
        what = "the session it made was ended" if outcome == "ended" else left_at_bank(opening)
        say(f"{unfinished(opening)}: {what}; {arguments.session} is removed")
    return FOUND_PROBLEMS if outcome == "unknown" else 0
