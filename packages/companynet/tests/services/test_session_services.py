"""Sessions beyond the signature: one-time passwords, proof, and what was granted of what was asked."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from companynet import errors
from companynet.domain.grant import Lack, grant_differences
from companynet.domain.kind import ERP_OPERATIONS, Kind
from companynet.domain.session import Permission, PermissionConfig, Secret
from companynet.signing import Pkcs12Signer, check_signature
from companynet.testing import ScriptedBank, fault, make_identity, soap

DIK = "10000001"
TOKEN = Secret("session-token")
ANNA = make_identity()
END = datetime(2026, 3, 1, tzinfo=UTC)
CONFIG = PermissionConfig(END, (Permission(DIK), Permission("10000002", frozenset({"getStatus", "getMT940Ex"}))))
LOGIN = "<m:generatedToken>login-token</m:generatedToken><m:confirmationsRequired>{}</m:confirmationsRequired>"
STATE = (
    "<m:OrderState><m:orderGroupId>companynet-proof</m:orderGroupId><m:status><m:statusKey>A</m:statusKey>"
    "</m:status></m:OrderState>"
)
Connect = Callable[..., Any]


def test_a_session_after_a_one_time_password_needs_one_signature(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(
        soap("login", LOGIN.format(0)),
        soap("initCreateBackgroundSessionWithSignature", "treść sesji"),
        soap("createBackgroundSessionWithSignature", "<m:sessionToken>session-token</m:sessionToken>"),
        soap("logout"),
    )
    signer = Pkcs12Signer.load(ANNA.p12, Secret(ANNA.password))
    side = connect()
    session = side.client.sessions.open_with_password(DIK, "ALFA01", Secret("123456"), CONFIG, signer, keep=[].append)
    assert session.token == TOKEN
    signature = etree.fromstring(bank.bodies[2]).findtext(".//{*}signature") or ""
    check_signature(base64.b64decode(signature), "treść sesji".encode("utf-16-le"), signer.certificate)
    assert side.operations[-1] == "logout"


def test_a_login_by_password_is_closed_whatever_happens_in_it(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(soap("login", LOGIN.format(0)), soap("logout"))
    side = connect()

    def work() -> None:
        with side.client.sessions.logged_in(DIK, "ALFA01", Secret("1")) as login:
            assert login.token == Secret("login-token")
            raise RuntimeError("in the block")

    with pytest.raises(RuntimeError, match="in the block"):
        work()
    assert side.operations == ["login", "logout"]


def test_a_password_login_that_waits_for_others_is_refused_and_closed(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(soap("login", LOGIN.format(1)), soap("logout"))
    side = connect()
    with (
        pytest.raises(errors.LoginRefused, match="1 more people") as caught,
        side.client.sessions.logged_in(DIK, "ALFA01", Secret("1")),
    ):
        pytest.fail("the block was entered")
    assert caught.value.operation == "login"
    assert side.operations == ["login", "logout"]


@pytest.mark.parametrize("answer", [fault("ORDER_GROUP_UNKNOWN", "brak"), soap("getStatus", STATE)])
def test_a_session_is_proven_by_one_harmless_call(bank: ScriptedBank, connect: Connect, answer: bytes) -> None:
    bank.then(answer)
    side = connect()
    side.client.sessions.prove(TOKEN, DIK)
    assert side.operations == ["getStatus"]


def test_a_session_for_statements_is_proven_by_asking_for_yesterday(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(soap("getMT940Ex", "T-1"))
    side = connect()
    side.client.sessions.prove(TOKEN, DIK, Kind.STATEMENTS.operations)
    assert side.operations == ["getMT940Ex"]
    asked = etree.fromstring(bank.bodies[0])
    yesterday = (side.clock.now().astimezone(ZoneInfo("Europe/Warsaw")).date() - timedelta(days=1)).isoformat()
    assert [asked.findtext(f".//{{*}}{name}") for name in ("from", "to")] == [yesterday] * 2


def test_what_nothing_was_granted_for_is_not_asked(connect: Connect) -> None:
    side = connect()
    with pytest.raises(ValueError, match="granted none"):
        side.client.sessions.prove(TOKEN, DIK, frozenset({"universalPaymentSend"}))
    assert side.operations == []


@pytest.mark.parametrize("operations", [ERP_OPERATIONS, Kind.STATEMENTS.operations])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("SESSION_INVALID", errors.SessionInvalid),
        ("PERMISSION_DENIED", errors.PermissionRefused),
        ("E-1", errors.UnlistedFault),
        ("THROTTLED", errors.BankThrottled),
    ],
)
def test_any_other_answer_proves_nothing(
    bank: ScriptedBank, connect: Connect, code: str, expected: type[errors.BankError], operations: frozenset[str]
) -> None:
    bank.then(fault(code, "nie"))
    with pytest.raises(expected):
        connect().client.sessions.prove(TOKEN, DIK, operations)


def test_no_difference_means_all_was_granted() -> None:
    """More operations, another DIK and a later end are no lack; nor is a fraction of a second."""
    more = PermissionConfig(
        END + timedelta(days=1),
        (*CONFIG.permissions[:1], Permission("10000002"), Permission("30000003")),
    )
    assert grant_differences(CONFIG, more) == ()
    fraction = PermissionConfig(END + timedelta(milliseconds=7), CONFIG.permissions)
    assert grant_differences(fraction, CONFIG) == ()


def test_each_lack_is_named() -> None:
    less = PermissionConfig(END - timedelta(days=30), (Permission(DIK, ERP_OPERATIONS - {"getStatus"}),))
    found = grant_differences(CONFIG, less)
    assert [(item.lack, item.dik) for item in found] == [
        (Lack.END_TIME, None),
        (Lack.OPERATION, DIK),
        (Lack.DIK, "10000002"),
    ]
    assert [str(item) for item in found] == [
        "the session ends at 2026-01-30T00:00:00+00:00 in place of 2026-03-01T00:00:00+00:00",
        f"DIK {DIK} is not covered for getStatus",
        "DIK 10000002 is not covered",
    ]


OPERATIONS = st.frozensets(st.sampled_from(sorted(ERP_OPERATIONS)), min_size=1)
CONFIGS = st.builds(
    lambda end, permissions: PermissionConfig(
        END + timedelta(hours=end), tuple(Permission(dik, names) for dik, names in permissions.items())
    ),
    st.integers(-5, 5),
    st.dictionaries(st.sampled_from(["1", "2", "3"]), OPERATIONS, min_size=1),
)


@given(CONFIGS, CONFIGS)
def test_the_list_is_empty_just_if_the_grant_covers_the_asking(
    asked: PermissionConfig, granted: PermissionConfig
) -> None:
    covered = {item.dik: item.operations for item in granted.permissions}
    enough = granted.end_time >= asked.end_time and all(
        item.operations <= covered.get(item.dik, frozenset()) for item in asked.permissions
    )
    assert (grant_differences(asked, granted) == ()) is enough
