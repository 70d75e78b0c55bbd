"""How sessions, and openings that did not come to their end, are shown; never their tokens."""

import argparse
import json

from companynet.cli.output import say
from companynet.cli.session_file import clear_away, unfinished
from companynet.clock import BANK_ZONE, SYSTEM_CLOCK
from companynet.domain.grant import GrantDifference, grant_differences
from companynet.domain.session import Permission
from companynet.domain.session_opening import SessionOpening
from companynet.domain.session_snapshot import SessionKind, SessionSnapshot, config_to_json

JSON_HELP = "one JSON object in place of words; without the token"


def differences_of(session: SessionSnapshot) -> tuple[GrantDifference, ...]:
    """What was asked for and not granted; nothing for a login."""
    if session.asked is None or session.granted is None:
        return ()
    return grant_differences(session.asked, session.granted)


def print_session(arguments: argparse.Namespace, session: SessionSnapshot, *, proven: bool | None = None) -> None:
    """A session, with what it lacks of what was asked for."""
    differences = differences_of(session)
    if arguments.json:
        values = {
            "session": str(arguments.session),
            "kind": session.kind.value,
            "endpoint": session.endpoint,
            "dik": session.dik,
            "bank_user": session.bank_user,
            "opened_at": session.opened_at.isoformat(),
            "granted": config_to_json(session.granted),
            "asked": config_to_json(session.asked),
            "covers": [_covered_json(*found) for found in _asked_and_granted(session)],
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
        end = session.granted.end_time.astimezone(BANK_ZONE)
        ended = " (past)" if session.granted.end_time <= SYSTEM_CLOCK.now() else ""
        say(f"  until {end:%Y-%m-%d %H:%M:%S %Z}{ended}")
    for dik, asked, granted in _asked_and_granted(session):
        say(f"  DIK {dik}: granted {in_words(granted)}; asked for {in_words(asked)}")
    for difference in differences:
        say(f"  NOT AS ASKED: {difference}")
    if proven:
        say("  it lives: the bank answered")


def in_words(permission: Permission | None) -> str:
    """What a permission covers, as a person calls it; what it lacks or has beyond that by the contract's names."""
    if permission is None:
        return "nothing"
    parts = [kind.value for kind in permission.kinds]
    parts += [
        f"{kind.value} in part (without {', '.join(sorted(permission.missing(kind)))})"
        for kind in permission.kinds_in_part
    ]
    return ", ".join([*parts, *sorted(permission.of_no_kind)]) or "nothing"


def _asked_and_granted(session: SessionSnapshot) -> list[tuple[str, Permission | None, Permission | None]]:
    """The DIKs, those asked for first, each with what was asked and what was granted for it; none of a login."""
    asked, granted = (
        {permission.dik: permission for permission in config.permissions} if config else {}
        for config in (session.asked, session.granted)
    )
    return [(dik, asked.get(dik), granted.get(dik)) for dik in {**asked, **granted}]


def _covered_json(dik: str, asked: Permission | None, granted: Permission | None) -> dict[str, object]:
    return {
        "dik": dik,
        "asked": [kind.value for kind in asked.kinds] if asked else [],
        "granted": [kind.value for kind in granted.kinds] if granted else [],
        "granted_in_part": [kind.value for kind in granted.kinds_in_part] if granted else [],
    }


def left_at_bank(opening: SessionOpening) -> str:
    """What the bank may have of an opening."""
    if opening.kind is SessionKind.LOGIN:
        return "the bank may have a login, which ends by itself; take the one-time password for used up"
    if opening.asked is None or not opening.session_may_exist:
        return "the bank was not asked for a session yet and has none; a login ends by itself"
    end = opening.asked.end_time.astimezone(BANK_ZONE)
    return (
        f"the bank may have a session for DIK {', '.join(opening.asked.diks)} until {end:%Y-%m-%d %H:%M:%S %Z} whose "
        "token never came: it serves nobody and ends by itself, or sooner by a person in CompanyNet; our reference "
        f"of the call is {opening.reference}"
    )


def print_opening(arguments: argparse.Namespace, opening: SessionOpening) -> None:
    """An opening that did not come to its end."""
    if not arguments.json:
        say(f"{unfinished(opening)}: {left_at_bank(opening)}")
        say(clear_away(arguments.session))
        return
    values = {
        "session": str(arguments.session),
        "kind": opening.kind.value,
        "endpoint": opening.endpoint,
        "dik": opening.dik,
        "bank_user": opening.bank_user,
        "begun_at": opening.begun_at.isoformat(),
        "asked": config_to_json(opening.asked),
        "reference": opening.reference,
        "session_may_exist": opening.session_may_exist,
    }
    say(json.dumps(values, ensure_ascii=False))
