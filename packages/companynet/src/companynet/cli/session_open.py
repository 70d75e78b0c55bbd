"""``companynet session open``: a session is made, and kept in a file that its owner alone reads."""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import TYPE_CHECKING

from companynet.cli.bank_command import add_action
from companynet.cli.connection import connected
from companynet.cli.failures import EXIT_STATUS, Unusable
from companynet.cli.output import FOUND_PROBLEMS, fail, os_reason
from companynet.cli.passwords import add_secret, read_secret
from companynet.cli.session_file import SessionFile, clear_away, end_at_bank
from companynet.cli.session_shown import JSON_HELP, differences_of, print_session
from companynet.cli.signature_options import add_signature
from companynet.clock import BANK_ZONE, SYSTEM_CLOCK
from companynet.domain.kind import Kind
from companynet.domain.session import BackgroundSession, Permission, PermissionConfig, Secret
from companynet.domain.session_opening import SessionOpening
from companynet.domain.session_snapshot import SessionKind, SessionSnapshot
from companynet.errors import BankError, Outcome
from companynet.profile import BankProfile

if TYPE_CHECKING:
    from companynet.client import CompanyNet
    from companynet.signing import Signer

_LONGEST_DAYS = 3660

_OPEN = f"""\
With --p12 or --pkcs11 a long-lived session is made: the PIN of the signature serves for both of its signatures. With
--one-time-password the login is by a password in place of a signature; without a signature the login itself is kept,
which the bank ends by itself soon. A PIN is sent to a token once; a wrong one is not tried again.

The token of the session is written to the session file, for its owner alone, and shown nowhere.

What is asked for is written there before the bank is asked. If the program is killed, or the answer is lost, `session
show` says what the bank may have, and `session close` clears it away.

{EXIT_STATUS}1 means here: the bank granted less than was asked for; the differences are shown.
"""


def add_parser(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``open`` to the actions."""
    opening = add_action(
        actions, "open", "make a session", _OPEN, _open, session="the session file to make", dik=False, json=JSON_HELP
    )
    opening.add_argument(
        "--dik", required=True, action="append", metavar="DIK", help="a customer number to cover; may be repeated"
    )
    opening.add_argument("--user", required=True, metavar="ID", help="the user's id or alias at the bank")
    add_signature(opening)
    opening.add_argument("--one-time-password", action="store_true", help="log in with a one-time password")
    add_secret(opening, "password", "the one-time password")
    end = opening.add_mutually_exclusive_group()
    end.add_argument("--end", metavar="TIME", help="end of the session: a day, or a time; in Warsaw without a zone")
    end.add_argument("--days", type=int, default=90, metavar="N", help="end in so many days (default: 90)")
    wanted = opening.add_mutually_exclusive_group()
    wanted.add_argument(
        "--for",
        dest="kinds",
        action="append",
        choices=[kind.value for kind in Kind],
        help="what the session is for; may be repeated (default: all of them)",
    )
    wanted.add_argument(
        "--operation",
        action="append",
        metavar="NAME",
        help="in place of --for: an operation of the contract to ask for, by its name; may be repeated",
    )


def _open(arguments: argparse.Namespace) -> int:
    from companynet.cli.signature import signer_of  # noqa: PLC0415 -- other commands need not wait for it

    profile = BankProfile.load(arguments.profile)
    file = SessionFile(arguments.session)
    file.refuse_if_there()
    config = _config(arguments)
    if arguments.p12 is None and arguments.pkcs11 is None and not arguments.one_time_password:
        raise Unusable("give --p12 or --pkcs11 for a signature, or --one-time-password")
    password = read_secret(arguments, "password", "One-time password") if arguments.one_time_password else None
    with signer_of(arguments) as signer, connected(profile, arguments.record) as client:
        asking = _Asking(config, signer, password)
        # Written before the bank is asked: what a killed program leaves says what the bank may have.
        file.begin(_opening(profile, arguments, asking))
        try:
            session = _opened(client, profile, arguments, asking, file)
        except BaseException as error:
            _tidy(file, error)
            raise
    print_session(arguments, session)
    return FOUND_PROBLEMS if differences_of(session) else 0


def _tidy(file: SessionFile, error: BaseException) -> None:
    """After a failure: what the bank may have made stays written down."""
    opening = file.opening
    made_nothing = isinstance(error, _EndedAgain) or (
        isinstance(error, BankError) and error.outcome in {Outcome.NOT_SENT, Outcome.REFUSED}
    )
    if opening is None or not opening.session_may_exist or made_nothing:
        file.drop()
    else:
        fail(f"{file.path} keeps what was asked for. {clear_away(file.path)}")


@dataclass(frozen=True)
class _Asking:
    """What is asked for, and what the person proves herself with."""

    config: PermissionConfig
    signer: "Signer | None"
    password: Secret | None


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
    operations = frozenset(arguments.operation or ())
    kinds = [Kind(name) for name in arguments.kinds or ()] or list(Kind)
    permissions = tuple(
        Permission(dik, operations) if operations else Permission.of(dik, kinds) for dik in arguments.dik
    )
    try:
        return PermissionConfig(end.replace(microsecond=0), permissions)
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
    return (end if end.tzinfo else end.replace(tzinfo=BANK_ZONE)).astimezone(UTC)


def _opening(profile: BankProfile, arguments: argparse.Namespace, asking: _Asking) -> SessionOpening:
    kind, asked = SessionKind.LOGIN, None
    if asking.signer is not None:
        kind, asked = SessionKind.BACKGROUND, asking.config
    now = SYSTEM_CLOCK.now()
    return SessionOpening(profile.endpoint, kind, arguments.dik[0], arguments.user, now, asked, reference=None)


def _opened(
    client: "CompanyNet", profile: BankProfile, arguments: argparse.Namespace, asking: _Asking, file: SessionFile
) -> SessionSnapshot:
    dik, user, sessions = arguments.dik[0], arguments.user, client.sessions
    opened_at, note = SYSTEM_CLOCK.now(), file.note_reference
    kept: list[SessionSnapshot] = []

    def keep(token: Secret, made: BackgroundSession | None = None) -> None:
        kind = SessionKind.BACKGROUND if made else SessionKind.LOGIN
        asked, granted = (asking.config, made.granted) if made else (None, None)
        kept.append(SessionSnapshot(profile.endpoint, kind, dik, user, opened_at, token, asked, granted))
        _keep(client, file, kept[-1])

    def keep_made(made: BackgroundSession) -> None:
        keep(made.token, made)
        if made.doubt:
            fail(f"{made.doubt}; compare it with CompanyNet")

    if asking.signer is not None and asking.password is not None:
        password, signer = asking.password, asking.signer
        sessions.open_with_password(dik, user, password, asking.config, signer, keep=keep_made, before_create=note)
    elif asking.signer is not None:
        sessions.open(dik, user, asking.config, asking.signer, keep=keep_made, before_create=note)
    elif asking.password is not None:
        keep(sessions.login_alone(dik, user, asking.password).token)
    return kept[0]


class _EndedAgain(Unusable):
    """The session was made, could not be kept, and was ended."""


def _keep(client: "CompanyNet", file: SessionFile, session: SessionSnapshot) -> None:
    """Write the session; if that fails, end it: it would live on with nobody to use it."""
    try:
        file.keep(session)
    except OSError as error:
        reason = os_reason(error)
    except Unusable as error:
        reason = str(error)
    else:
        return
    try:
        end_at_bank(client, session)
    except BankError as error:
        raise Unusable(f"{reason}; the session could not be ended either, end it in CompanyNet: {error}") from None
    raise _EndedAgain(f"{reason}; the session was ended again")
