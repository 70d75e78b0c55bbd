"""``companynet session open|show|close``: a session in a file that its owner alone reads."""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

from companynet.cli.connection import (
    EXIT_STATUS,
    Unusable,
    add_dik,
    add_profile,
    add_record,
    add_session,
    choose_dik,
    connected,
    load_session,
    told,
)
from companynet.cli.files import json_bytes, reserve, write_whole
from companynet.cli.output import FOUND_PROBLEMS, os_reason, say
from companynet.cli.passwords import add_secret, read_secret
from companynet.client import CompanyNet
from companynet.clock import SYSTEM_CLOCK
from companynet.domain.grant import GrantDifference, grant_differences
from companynet.domain.session import ERP_OPERATIONS, Permission, PermissionConfig, Secret
from companynet.domain.session_snapshot import SessionKind, SessionSnapshot, config_to_json
from companynet.errors import BankError, SessionInvalid
from companynet.profile import BankProfile
from companynet.signing import Pkcs12Signer, Signer

_BANK_ZONE = ZoneInfo("Europe/Warsaw")  # L-155
_LONGEST_DAYS = 3660

_OPEN = f"""\
With --p12 a long-lived session is made: the PIN of the signature serves for both of its signatures. With
--one-time-password the login is by a password in place of a signature; without --p12 the login itself is kept, which
the bank ends by itself soon.

The token of the session is written to the session file, for its owner alone, and shown nowhere.

{EXIT_STATUS}1 means here: the bank granted less than was asked for; the differences are shown.
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``session`` to the commands."""
    session = commands.add_parser("session", help="sessions at the bank")
    actions = session.add_subparsers(title="actions", required=True, metavar="ACTION")

    def action(
        name: str, words: str, epilog: str, run: Callable[[argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        parser = actions.add_parser(
            name, help=words, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object in place of words; without the token"
        )
        parser.set_defaults(run=told(run))
        return parser

    opening = action("open", "make a session", _OPEN, _open)
    add_profile(opening)
    add_record(opening)
    opening.add_argument("--session", required=True, type=Path, metavar="FILE", help="the session file to make")
    opening.add_argument(
        "--dik", required=True, action="append", metavar="DIK", help="a customer number to cover; may be repeated"
    )
    opening.add_argument("--user", required=True, metavar="ID", help="the user's id or alias at the bank")
    opening.add_argument("--p12", type=Path, metavar="FILE", help="PKCS#12 file with the signature registered there")
    add_secret(opening, "pin", "the PIN of the signature")
    opening.add_argument("--one-time-password", action="store_true", help="log in with a one-time password")
    add_secret(opening, "password", "the one-time password")
    end = opening.add_mutually_exclusive_group()
    end.add_argument("--end", metavar="TIME", help="end of the session: a day, or a time; in Warsaw without a zone")
    end.add_argument("--days", type=int, default=90, metavar="N", help="end in so many days (default: 90)")
    opening.add_argument(
        "--operation",
        action="append",
        metavar="NAME",
        help=f"an operation to ask for; may be repeated (default: {', '.join(sorted(ERP_OPERATIONS))})",
    )

    show = action("show", "show a session file; with --prove ask the bank", EXIT_STATUS, _show)
    add_profile(show, required=False)
    add_record(show)
    add_session(show)
    show.add_argument("--prove", action="store_true", help="ask the bank whether it lives; needs --profile")
    add_dik(show)

    close = action("close", "end a session at the bank and remove its file", EXIT_STATUS, _close)
    add_profile(close)
    add_record(close)
    add_session(close)


def _open(arguments: argparse.Namespace) -> int:
    profile = BankProfile.load(arguments.profile)
    if arguments.session.exists():
        raise Unusable(f"{arguments.session} exists: close that session first, or name another file")
    asking = _asking(arguments)
    # Made before the bank is asked: a session whose token has no place to go would live for nobody.
    reserve(arguments.session)
    kept = False
    try:
        with connected(profile, arguments.record) as client:
            session = _opened(client, profile, arguments, asking)
            _keep(client, arguments.session, session)
            kept = True
    finally:
        if not kept:
            arguments.session.unlink(missing_ok=True)
    _print(arguments, session)
    return FOUND_PROBLEMS if _differences(session) else 0


@dataclass(frozen=True)
class _Asking:
    """What is asked for, and what the person proves herself with."""

    config: PermissionConfig
    signer: Signer | None
    password: Secret | None


def _asking(arguments: argparse.Namespace) -> _Asking:
    config = _config(arguments)
    password = signer = None
    if arguments.one_time_password:
        password = read_secret(arguments, "password", "One-time password")
    if arguments.p12 is not None:
        data = arguments.p12.read_bytes()
        signer = Pkcs12Signer.load(data, read_secret(arguments, "pin", f"PIN of {arguments.p12}"))
    return _Asking(config, signer, password)


def _config(arguments: argparse.Namespace) -> PermissionConfig:
    now = SYSTEM_CLOCK.now()
    if arguments.end is None:
        if not 0 < arguments.days <= _LONGEST_DAYS:
            raise Unusable(f"--days {arguments.days}: it must be from 1 to {_LONGEST_DAYS}")
        end = now + timedelta(days=arguments.days)
    else:
        end = _end(arguments.end)
    if end <= now:
        raise Unusable(f"--end {arguments.end} is past")
    operations = frozenset(arguments.operation or ERP_OPERATIONS)
    try:
        return PermissionConfig(
            end.replace(microsecond=0), tuple(Permission(dik, operations) for dik in arguments.dik)
        )
    except ValueError as error:
        reason = str(error)
    raise Unusable(f"--dik: {reason}")


def _end(text: str) -> datetime:
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(f"--end {text!r} is no day (2026-03-31) and no time (2026-03-31T12:00)") from None
    if len(text) <= len("2026-03-31"):
        end = datetime.combine(end.date(), time_of_day(23, 59, 59))
    return (end if end.tzinfo else end.replace(tzinfo=_BANK_ZONE)).astimezone(UTC)


def _opened(
    client: CompanyNet, profile: BankProfile, arguments: argparse.Namespace, asking: _Asking
) -> SessionSnapshot:
    dik, user, sessions = arguments.dik[0], arguments.user, client.sessions
    opened_at = SYSTEM_CLOCK.now()
    kind = SessionKind.BACKGROUND if asking.signer else SessionKind.LOGIN
    asked = granted = None
    if asking.signer is not None:
        asked = asking.config
        if asking.password is not None:
            made = sessions.open_with_password(dik, user, asking.password, asked, asking.signer)
        else:
            made = sessions.open(dik, user, asked, asking.signer)
        token, granted = made.token, made.granted
    elif asking.password is not None:
        token = sessions.login_alone(dik, user, asking.password).token
    else:
        raise Unusable("give --p12 for a signature, or --one-time-password")
    return SessionSnapshot(profile.endpoint, kind, dik, user, opened_at, token, asked, granted)


def _keep(client: CompanyNet, path: Path, session: SessionSnapshot) -> None:
    """Write the session; if that fails, end it: it would live on with nobody to use it."""
    try:
        write_whole(path, json_bytes(session.to_json()), private=True)
    except OSError as error:
        reason = os_reason(error)
    else:
        return
    try:
        _end_at_bank(client, session)
    except BankError as error:
        raise Unusable(f"{reason}; the session could not be ended either, end it in CompanyNet: {error}") from None
    raise Unusable(f"{reason}; the session was ended again")


def _end_at_bank(client: CompanyNet, session: SessionSnapshot) -> None:
    if session.kind is SessionKind.LOGIN:
        client.sessions.logout(session.token)
    else:
        client.sessions.finish(session.token)


def _show(arguments: argparse.Namespace) -> int:
    if arguments.prove and arguments.profile is None:
        raise Unusable("--prove needs --profile")
    if arguments.record and not arguments.prove:
        raise Unusable("--record needs --prove: without it nothing goes over the line")
    profile = BankProfile.load(arguments.profile) if arguments.profile else None
    session = load_session(arguments.session, profile)
    proven = None
    if arguments.prove and profile is not None:
        with connected(profile, arguments.record) as client:
            client.sessions.prove(session.token, choose_dik(session, arguments.dik))
        proven = True
    _print(arguments, session, proven=proven)
    ended = session.granted is not None and session.granted.end_time <= SYSTEM_CLOCK.now()
    return FOUND_PROBLEMS if ended or _differences(session) else 0


def _close(arguments: argparse.Namespace) -> int:
    profile = BankProfile.load(arguments.profile)
    session = load_session(arguments.session, profile)
    ended = "ended"
    with connected(profile, arguments.record) as client:
        try:
            _end_at_bank(client, session)
        except SessionInvalid:
            ended = "had ended already"
    arguments.session.unlink()
    if arguments.json:
        say(json.dumps({"session": str(arguments.session), "outcome": ended}))
    else:
        say(f"the session of {session.bank_user} {ended}; {arguments.session} is removed")
    return 0


def _differences(session: SessionSnapshot) -> tuple[GrantDifference, ...]:
    if session.asked is None or session.granted is None:
        return ()
    return grant_differences(session.asked, session.granted)


def _print(arguments: argparse.Namespace, session: SessionSnapshot, *, proven: bool | None = None) -> None:
    differences = _differences(session)
    if arguments.json:
        values = {
            "session": str(arguments.session),
            "kind": session.kind.value,
            "endpoint": session.endpoint,
            "dik": session.dik,
            "bank_user": session.bank_user,
            "opened_at": session.opened_at.isoformat(),
            "granted": config_to_json(session.granted),
            "differences": [
                {"lack": item.lack.value, "dik": item.dik, "asked": item.asked, "granted": item.granted}
                for item in differences
            ],
            "proven": proven,
        }
        say(json.dumps(values, ensure_ascii=False))
        return
    words = "long-lived session" if session.kind is SessionKind.BACKGROUND else "login"
    say(f"{words} of {session.bank_user} at {session.endpoint}, opened {session.opened_at:%Y-%m-%d %H:%M:%S %Z}")
    if session.granted is not None:
        end = session.granted.end_time.astimezone(_BANK_ZONE)
        ended = " (past)" if session.granted.end_time <= SYSTEM_CLOCK.now() else ""
        say(f"  until {end:%Y-%m-%d %H:%M:%S %Z}{ended}")
        for permission in session.granted.permissions:
            say(f"  DIK {permission.dik}: {', '.join(sorted(permission.operations))}")
    for difference in differences:
        say(f"  NOT AS ASKED: {difference}")
    if proven:
        say("  it lives: the bank answered")
