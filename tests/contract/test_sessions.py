"""What an integrator relies on: logins and long-lived sessions."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest

from companynet.client import CompanyNet
from companynet.domain.grant import Lack, grant_differences
from companynet.domain.session import BackgroundSession, PermissionConfig, Secret
from companynet.errors import (
    DikRefused,
    LoginRefused,
    Outcome,
    PermissionRefused,
    SessionInvalid,
    SignatureRefused,
)
from companynet.signing import signature_for_bank
from tests.contract.target import Ability, Target, needs


@contextlib.contextmanager
def opened(bank: CompanyNet, target: Target, config: PermissionConfig | None = None) -> Iterator[BackgroundSession]:
    """A session of its own, ended at the end whatever happens."""
    session = bank.sessions.open(target.dik, target.user, config or target.asking(), target.signer, keep=[].append)
    try:
        yield session
    finally:
        with contextlib.suppress(SessionInvalid):
            bank.sessions.finish(session.token)


def test_a_signature_logs_in_and_a_logout_ends_it(target: Target, bank: CompanyNet) -> None:
    """Two challenges are never the same text, and the token of a login that was ended serves for nothing."""
    first = bank.sessions.login_challenge(target.dik, target.user)
    challenge = bank.sessions.login_challenge(target.dik, target.user)
    assert first != challenge
    signature = signature_for_bank(target.signer, challenge, target.profile)
    login = bank.sessions.login(target.dik, target.user, signature)
    assert login.confirmations_required == 0
    bank.sessions.prove(login.token, target.dik)
    bank.sessions.logout(login.token)
    with pytest.raises(SessionInvalid):
        bank.sessions.prove(login.token, target.dik)
    with pytest.raises(SessionInvalid):
        bank.sessions.logout(login.token)


@needs(Ability.PASSWORD)
def test_a_one_time_password_logs_in(target: Target, bank: CompanyNet) -> None:
    with bank.sessions.logged_in(target.dik, target.user, target.password()) as login:
        bank.sessions.prove(login.token, target.dik)
    with pytest.raises(SessionInvalid):
        bank.sessions.prove(login.token, target.dik)


@needs(Ability.PASSWORD)
def test_after_a_password_one_signature_makes_a_session(target: Target, bank: CompanyNet) -> None:
    session = bank.sessions.open_with_password(
        target.dik, target.user, target.password(), target.asking(), target.signer, keep=[].append
    )
    bank.sessions.prove(session.token, target.dik)
    bank.sessions.finish(session.token)


@needs(Ability.PASSWORD, Ability.STAFF)
def test_a_password_serves_once(target: Target, bank: CompanyNet) -> None:
    password = target.password()
    with bank.sessions.logged_in(target.dik, target.user, password):
        pass
    with pytest.raises(LoginRefused) as caught:
        bank.sessions.login_alone(target.dik, target.user, password)
    assert caught.value.outcome is Outcome.REFUSED
    # Three in a row would block the token: a right one counts anew.
    with bank.sessions.logged_in(target.dik, target.user, target.password()):
        pass


def test_a_session_has_what_was_asked_for(target: Target, bank: CompanyNet) -> None:
    """Whatever a bank grants, it is told apart from what was asked for: a grant within it has no more than that."""
    asked = target.asking()
    with opened(bank, target, asked) as session:
        bank.sessions.prove(session.token, target.dik)
        differences = grant_differences(asked, session.granted)
        assert not [item for item in differences if item.lack is Lack.DIK]
        wanted = {permission.dik: permission.operations for permission in asked.permissions}
        for permission in session.granted.permissions:
            assert permission.operations <= wanted[permission.dik]


@needs(Ability.STAFF)
def test_what_is_not_granted_is_told(target: Target, bank: CompanyNet) -> None:
    """The end and an operation that the bank does not give: the session lives, with less."""
    asked = target.asking(operations=["getStatus", "transferEverything"])
    asked = replace(asked, end_time=asked.end_time + dt.timedelta(days=3000))
    with opened(bank, target, asked) as session:
        found = {item.lack: item for item in grant_differences(asked, session.granted)}
        assert set(found) == {Lack.END_TIME, Lack.OPERATION}
        assert found[Lack.OPERATION].asked == "transferEverything"
        # The session ends with its certificate.
        assert session.granted.end_time <= target.signer.certificate.valid_to
        bank.sessions.prove(session.token, target.dik)


def test_a_session_that_was_finished_serves_for_nothing(target: Target, bank: CompanyNet) -> None:
    with opened(bank, target) as session:
        bank.sessions.prove(session.token, target.dik)
        bank.sessions.finish(session.token)
        with pytest.raises(SessionInvalid):
            bank.sessions.prove(session.token, target.dik)
        with pytest.raises(SessionInvalid):
            bank.statements.request(session.token, target.dik, *target.period)
        with pytest.raises(SessionInvalid):
            bank.sessions.finish(session.token)


def test_sessions_of_a_user_live_beside_each_other(target: Target, bank: CompanyNet) -> None:
    """The end of one is not the end of the other; so a session can be renewed without a gap."""
    with opened(bank, target) as old, opened(bank, target) as new:
        assert old.token != new.token
        bank.sessions.finish(old.token)
        bank.sessions.prove(new.token, target.dik)


def test_a_token_the_bank_never_gave_is_refused(target: Target, bank: CompanyNet) -> None:
    with pytest.raises(SessionInvalid) as caught:
        bank.sessions.prove(Secret(f"never-given-{target.tag}"), target.dik)
    assert target.tag not in str(caught.value)


def test_a_session_covers_the_operations_granted_alone(target: Target, bank: CompanyNet) -> None:
    with opened(bank, target, target.asking(operations=["getStatus"])) as session:
        bank.sessions.prove(session.token, target.dik)
        with pytest.raises(PermissionRefused) as caught:
            bank.statements.request(session.token, target.dik, *target.period)
        assert caught.value.outcome is Outcome.REFUSED


@needs(Ability.SEVERAL_DIKS)
def test_one_session_covers_several_diks(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    assert set(shared.granted.diks) == set(target.diks)
    for dik in target.diks:
        bank.sessions.prove(shared.token, dik)


@needs(Ability.SEVERAL_DIKS)
def test_a_session_does_not_cover_another_dik(target: Target, bank: CompanyNet) -> None:
    """Even of the same user."""
    first, second, *_more = target.diks
    with opened(bank, target, target.asking(first)) as session:
        with pytest.raises((PermissionRefused, DikRefused)) as caught:
            bank.sessions.prove(session.token, second)
        assert caught.value.outcome is Outcome.REFUSED


@needs(Ability.STAFF)
def test_a_wrong_signature_makes_nothing(target: Target, bank: CompanyNet) -> None:
    """One over another text logs nobody in."""
    challenge = bank.sessions.login_challenge(target.dik, target.user)
    signature = signature_for_bank(target.signer, challenge + " ", target.profile)
    with pytest.raises(SignatureRefused) as caught:
        bank.sessions.login(target.dik, target.user, signature)
    assert caught.value.outcome is Outcome.REFUSED


@needs(Ability.STAFF)
def test_a_signature_serves_once(target: Target, bank: CompanyNet) -> None:
    challenge = bank.sessions.login_challenge(target.dik, target.user)
    signature = signature_for_bank(target.signer, challenge, target.profile)
    bank.sessions.logout(bank.sessions.login(target.dik, target.user, signature).token)
    with pytest.raises((LoginRefused, SignatureRefused)):
        bank.sessions.login(target.dik, target.user, signature)


@needs(Ability.STAFF)
def test_strangers_and_foreign_diks_are_refused(target: Target, bank: CompanyNet) -> None:
    with pytest.raises(LoginRefused):
        bank.sessions.login_challenge(target.dik, "NOBODY")
    with pytest.raises(DikRefused):
        bank.sessions.login_challenge("99999999", target.user)


@needs(Ability.STAFF)
def test_a_session_the_bank_ended_serves_for_nothing(target: Target, bank: CompanyNet) -> None:
    """Every call on it says so, the ending included."""
    with opened(bank, target) as session:
        target.staff.end_newest_session()
        for call in (
            lambda: bank.sessions.prove(session.token, target.dik),
            lambda: bank.statements.fetch(session.token, target.dik, *target.period),
            lambda: bank.orders.hand_in(session.token, target.dik, target.order_file("ended", "1.00")),
            lambda: bank.sessions.finish(session.token),
        ):
            with pytest.raises(SessionInvalid) as caught:
                call()
            assert caught.value.outcome is Outcome.REFUSED
