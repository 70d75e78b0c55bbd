"""Logins and background sessions: who may, for what, and until when."""

import datetime as dt
from contextlib import nullcontext

import pytest

from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import RunningBank, make_identity
from companynet_sandbox.testing.client import OPERATIONS, Customer, Fault, Transfer, order_file, permissions

UNTIL = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=30)


def refused(code: str) -> pytest.RaisesExc[Fault]:
    return pytest.RaisesExc(Fault, check=lambda fault: fault.code == code)


def test_a_session_opens_works_and_ends(customer: Customer) -> None:
    """After finishBackgroundSession the token is worth nothing, for business or for ending again."""
    customer.open_session()
    assert customer.statements(dt.date(2026, 1, 1), dt.date(2026, 1, 2)) == []
    customer.caller.call("finishBackgroundSession", token=customer.token)
    with refused("SESSION_INVALID"):
        customer.statements(dt.date(2026, 1, 1), dt.date(2026, 1, 2))
    with refused("SESSION_INVALID"):
        customer.caller.call("finishBackgroundSession", token=customer.token)


def test_the_session_text_says_what_is_asked(customer: Customer) -> None:
    """What is signed names user, DIKs, operations and end."""
    config = permissions(UNTIL, demo_data.DIK_ALFA, demo_data.DIK_BETA)
    login = customer.login()
    call = customer.caller.call("initCreateBackgroundSessionWithSignature", config, dik=customer.dik, token=login)
    text = call.text("return")
    for part in (customer.user, demo_data.DIK_ALFA, demo_data.DIK_BETA, *OPERATIONS, f"{UNTIL:%Y-%m-%d}"):
        assert part in text


def test_another_config_than_the_signed_one_makes_no_session(customer: Customer) -> None:
    """The signature is for one text, the text for one config."""
    login = customer.login()
    asked = permissions(UNTIL, demo_data.DIK_ALFA)
    text = customer.caller.call(
        "initCreateBackgroundSessionWithSignature", asked, dik=customer.dik, token=login
    ).text("return")
    more = permissions(UNTIL, demo_data.DIK_ALFA, demo_data.DIK_ALFA_SERVICE)
    body = f"<m:signature>{customer.sign(text)}</m:signature>{more}"
    with refused("SIGNATURE_INVALID"):
        customer.caller.call("createBackgroundSessionWithSignature", body, dik=customer.dik, token=login)


def test_a_signed_text_makes_one_session(customer: Customer) -> None:
    """A session text is for one use."""
    login = customer.login()
    asked = permissions(UNTIL, demo_data.DIK_ALFA)
    text = customer.caller.call(
        "initCreateBackgroundSessionWithSignature", asked, dik=customer.dik, token=login
    ).text("return")
    body = f"<m:signature>{customer.sign(text)}</m:signature>{asked}"
    customer.caller.call("createBackgroundSessionWithSignature", body, dik=customer.dik, token=login)
    with refused("SIGNATURE_INVALID"):
        customer.caller.call("createBackgroundSessionWithSignature", body, dik=customer.dik, token=login)


def test_unknown_operations_are_not_granted(customer: Customer) -> None:
    """The answer tells what was granted, not what was asked."""
    answer = customer.open_session(operations=("getStatus", "deleteEverything"))
    assert answer.texts("allowedOperations") == ["getStatus"]


def test_nothing_known_asked_is_nothing_granted(customer: Customer) -> None:
    """A session that allowed nothing is not made."""
    with refused("PERMISSION_DENIED"):
        customer.open_session(operations=("deleteEverything",))


def test_the_end_is_capped_at_366_days(customer: Customer) -> None:
    """The certificate lives longer, the session does not."""
    answer = customer.open_session(end=UNTIL + dt.timedelta(days=500))
    end = dt.datetime.fromisoformat(answer.text("return/permissionConfig/endTime"))
    assert dt.timedelta(days=365) < end - dt.datetime.now(dt.UTC) <= dt.timedelta(days=366)


def test_the_end_is_capped_at_the_certificates(bank: RunningBank) -> None:
    """A session does not outlive the certificate that made it."""
    now = dt.datetime.now(dt.UTC)
    short = make_identity("Ewa Lis", now - dt.timedelta(days=1), now + dt.timedelta(days=10), "p", key="ec")
    bank.post("/certificates", {"user": demo_data.USER_BETA, "certificate_pem": short.certificate_pem})
    beta = Customer(bank, short, "p", user=demo_data.USER_BETA)
    beta.dik = demo_data.DIK_BETA
    answer = beta.open_session(end=now + dt.timedelta(days=100))
    end = dt.datetime.fromisoformat(answer.text("return/permissionConfig/endTime"))
    assert end == (now + dt.timedelta(days=10)).replace(microsecond=0)


def test_a_bank_may_grant_longer_than_asked(customer: Customer) -> None:
    """With the setting a session is granted for so many days at least; as a rule for what was asked."""
    asked = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).replace(microsecond=0)
    ends = []
    for least in (0, 30):
        customer.bank.post("/settings", {"least_session_days": least})
        answer = customer.open_session(end=asked)
        ends.append(dt.datetime.fromisoformat(answer.text("return/permissionConfig/endTime")))
    assert ends[0] == asked
    assert dt.timedelta(days=29) < ends[1] - dt.datetime.now(dt.UTC) <= dt.timedelta(days=30)


def test_a_session_ends_at_its_time(customer: Customer) -> None:
    """Once its time is over the token is refused."""
    customer.open_session(end=dt.datetime.now(dt.UTC) + dt.timedelta(days=2))
    customer.bank.post("/clock", {"advance_seconds": 3 * 86400})
    with refused("SESSION_INVALID"):
        customer.statements(dt.date(2026, 1, 1), dt.date(2026, 1, 2))


def test_an_end_in_the_past_is_refused(customer: Customer) -> None:
    """No session is made that has ended already."""
    with refused("REQUEST_INVALID"):
        customer.open_session(end=dt.datetime.now(dt.UTC) - dt.timedelta(days=2))


def test_a_session_covers_its_diks_and_operations_only(customer: Customer) -> None:
    """Another DIK of the same user, and another operation, are refused."""
    customer.open_session(operations=("getStatus",))
    body = "<m:orderGroupId>X</m:orderGroupId>"
    with refused("ORDER_GROUP_UNKNOWN"):
        customer.call("getStatus", body)
    with refused("PERMISSION_DENIED"):
        customer.call("getStatus", body, dik=demo_data.DIK_ALFA_SERVICE)
    with refused("PERMISSION_DENIED"):
        customer.call("checkGetMT940Result", "<m:taskId>T</m:taskId>")


def test_a_user_gets_no_session_for_a_strangers_dik(bank: RunningBank, customer: Customer) -> None:
    """BETA01 acts for Beta alone: neither logging in nor asking for permissions reaches Alfa."""
    bank.post("/certificates", {"user": demo_data.USER_BETA, "certificate_pem": customer.identity.certificate_pem})
    customer.user = demo_data.USER_BETA
    with refused("DIK_REFUSED"):
        customer.login()
    customer.dik = demo_data.DIK_BETA
    with refused("DIK_REFUSED"):
        customer.open_session(demo_data.DIK_BETA, demo_data.DIK_ALFA)


def test_a_call_without_dik_is_refused_where_it_needs_one(customer: Customer) -> None:
    """Only calls on the session itself carry none."""
    customer.open_session()
    with refused("DIK_REFUSED"):
        customer.caller.call("getStatus", "<m:orderGroupId>X</m:orderGroupId>", token=customer.token)


def test_another_interface_version_is_refused(customer: Customer) -> None:
    """The contract is for one version."""
    body = "<m:userLogin>ALFA01</m:userLogin>"
    data = customer.caller.envelope("initLoginWithSignature", body, dik=customer.dik, version="2.0.0")
    _status, answer = customer.caller.send(data)
    assert b"REQUEST_INVALID" in answer


def test_a_login_ends_by_logout_and_by_time(customer: Customer) -> None:
    """A login's token dies both ways."""
    token = customer.login()
    customer.caller.call("logout", token=token)
    with refused("SESSION_INVALID"):
        customer.caller.call("logout", token=token)
    token = customer.login()
    customer.bank.post("/clock", {"advance_seconds": 3600})
    with refused("SESSION_INVALID"):
        customer.caller.call("logout", token=token)


def test_a_login_lives_a_quarter_of_an_hour(customer: Customer) -> None:
    """And a challenge five minutes, from the moment it was given out; seconds before it serves."""
    token = customer.login()
    customer.bank.post("/clock", {"advance_seconds": 14 * 60 + 50})
    customer.caller.call("logout", token=token)
    token = customer.login()
    customer.bank.post("/clock", {"advance_seconds": 15 * 60})
    with refused("SESSION_INVALID"):
        customer.caller.call("logout", token=token)
    user = f"<m:userLogin>{customer.user}</m:userLogin>"
    for seconds, code in ((4 * 60 + 50, ""), (5 * 60, "LOGIN_REFUSED")):
        text = customer.caller.call("initLoginWithSignature", user, dik=customer.dik).text("return")
        customer.bank.post("/clock", {"advance_seconds": seconds})
        body = f"{user}<m:signature>{customer.sign(text)}</m:signature>"
        with refused(code) if code else nullcontext():
            customer.caller.call("loginWithSignature", body, dik=customer.dik)


def test_unknown_users_are_refused(customer: Customer) -> None:
    """A user the bank does not know gets no challenge."""
    customer.user = "NOBODY"
    with refused("LOGIN_REFUSED"):
        customer.login()


def test_a_one_time_password_serves_once(customer: Customer) -> None:
    """It logs in once; three wrong ones block all."""
    bank, caller = customer.bank, customer.caller
    bank.post("/passwords", {"user": customer.user, "password": "123456"})
    body = f"<m:userLogin>{customer.user}</m:userLogin><m:token>123456</m:token>"
    token = caller.call("login", body, dik=customer.dik).text("return/generatedToken")
    caller.call("logout", token=token)
    for _wrong in range(3):
        with refused("LOGIN_REFUSED"):
            caller.call("login", body, dik=customer.dik)
    bank.post("/passwords", {"user": customer.user, "password": "654321"})
    for _wrong in range(3):
        with refused("LOGIN_REFUSED"):
            caller.call("login", body, dik=customer.dik)
    with pytest.raises(Fault, match="blocked"):
        caller.call("login", body.replace("123456", "654321"), dik=customer.dik)


def test_the_bank_can_end_a_session(customer: Customer) -> None:
    """What the control plane ended is refused, and shown as ended."""
    customer.open_session()
    assert customer.bank.post("/sessions/end", {"user": customer.user}) == {"ended": 1}
    with refused("SESSION_INVALID"):
        customer.call("getStatus", "<m:orderGroupId>X</m:orderGroupId>")
    assert customer.bank.get("/sessions")[0]["ended_by"] == "bank"


def test_a_user_has_several_sessions_at_once(customer: Customer) -> None:
    """Each with its own DIKs, operations and end; ending one leaves the others."""
    tokens = []
    for dik, operations in ((demo_data.DIK_ALFA, OPERATIONS), (demo_data.DIK_BETA, ("getStatus",))):
        customer.open_session(dik, operations=operations)
        tokens.append(customer.token)
    body = "<m:orderGroupId>X</m:orderGroupId>"
    for token, dik, code in (
        (tokens[0], demo_data.DIK_ALFA, "ORDER_GROUP_UNKNOWN"),
        (tokens[0], demo_data.DIK_BETA, "PERMISSION_DENIED"),
        (tokens[1], demo_data.DIK_BETA, "ORDER_GROUP_UNKNOWN"),
        (tokens[1], demo_data.DIK_ALFA, "PERMISSION_DENIED"),
    ):
        with refused(code):
            customer.caller.call("getStatus", body, dik=dik, token=token)
    customer.caller.call("finishBackgroundSession", token=tokens[0])
    with refused("SESSION_INVALID"):
        customer.caller.call("getStatus", body, dik=demo_data.DIK_ALFA, token=tokens[0])
    with refused("ORDER_GROUP_UNKNOWN"):
        customer.caller.call("getStatus", body, dik=demo_data.DIK_BETA, token=tokens[1])


def test_the_bank_ends_one_of_several(customer: Customer) -> None:
    """By its number, early; the user's other session works on."""
    customer.open_session()
    first = customer.token
    customer.open_session()
    assert customer.bank.post("/sessions/end", {"session_id": 1}) == {"ended": 1}
    body = "<m:orderGroupId>X</m:orderGroupId>"
    with refused("SESSION_INVALID"):
        customer.caller.call("getStatus", body, dik=customer.dik, token=first)
    with refused("ORDER_GROUP_UNKNOWN"):
        customer.call("getStatus", body)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation_needs_its_own_permission(customer: Customer, operation: str) -> None:
    """A session that allows all others refuses this one, before it looks at what is asked."""
    customer.open_session(operations=tuple(name for name in OPERATIONS if name != operation))
    day = dt.date(2026, 1, 5)
    bodies = {
        "getMT940Ex": f"<m:from>{day}</m:from><m:to>{day}</m:to><m:compressed>false</m:compressed>",
        "getStatus": "<m:orderGroupId>X</m:orderGroupId>",
    }
    with refused("PERMISSION_DENIED"):
        if operation == "universalPaymentSend":
            customer.start_sending("C1", order_file("M1", Transfer("X")))
        else:
            customer.call(operation, bodies.get(operation, "<m:taskId>T</m:taskId>"))


def test_a_session_outlives_the_revocation_of_its_certificate(customer: Customer) -> None:
    """What was signed stays; a new one cannot be signed."""
    customer.open_session()
    sha256 = customer.bank.get("/state")["users"][0]["certificates"][0]["sha256"]
    customer.bank.post("/certificates/revoke", {"sha256": sha256})
    with refused("ORDER_GROUP_UNKNOWN"):
        customer.call("getStatus", "<m:orderGroupId>X</m:orderGroupId>")
    with refused("CERTIFICATE_REFUSED"):
        customer.open_session()


def test_no_token_is_kept_or_shown(customer: Customer) -> None:
    """Neither the books' file nor the control plane holds a token."""
    customer.open_session()
    login = customer.login()
    for path in ("/state", "/sessions", "/calls", "/tasks"):
        assert customer.token not in str(customer.bank.get(path))
    for file in customer.bank.directory.iterdir():
        content = file.read_bytes()
        assert customer.token.encode() not in content
        assert login.encode() not in content
