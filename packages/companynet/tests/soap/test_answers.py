"""Answers are read for what is wanted, whatever they are wrapped in; nothing is guessed and no item is lost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from companynet.outcomes import OPERATIONS
from companynet.soap.answers import AnswerNeeds
from companynet.soap.errors import ContractBroken
from companynet.soap.needs import NEEDS, Names, Unreadable

NIL = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"'


def read(operation: str, inner: str, **names: str) -> Any:
    """What an answer brings; names in another namespace than the bank's."""
    body = etree.fromstring(f'<s:Body xmlns:s="urn:s" xmlns="urn:any"><a>{inner}</a></s:Body>')[0]
    need = NEEDS[operation].answer
    assert need is not None
    return AnswerNeeds(operation, need, Names(names)).read(body)


def test_every_operation_has_its_needs() -> None:
    assert set(NEEDS) == set(OPERATIONS)


STATE = (
    "<orderGroupId>G</orderGroupId><orderReference>E-1</orderReference>"
    "<status><statusKey>REALIZED</statusKey></status>"
)
ONE = [
    {"orderGroupId": "G", "orderReference": "E-1", "status": {"statusKey": "REALIZED", "description": None}},
]
STATES = {
    "straight in the answer": f"<return>{STATE}</return>",
    "wrapped": f"<out><OrderState>{STATE}</OrderState></out>",
    "wrapped twice": f"<return><states><State>{STATE}</State></states></return>",
    "without a wrapper": f"<OrderState>{STATE}</OrderState>",
    "something beside": f"<serverTime>12:00</serverTime><return><OrderState>{STATE}</OrderState></return>",
    "something called so beside": f"<status>OK</status><return><OrderState>{STATE}</OrderState></return>",
    "parts nobody knows": f"<return><OrderState><x><y>1</y></x>{STATE}</OrderState></return>",
    "another order": (
        "<return><status><description/><statusKey>REALIZED</statusKey></status><orderReference>E-1</orderReference>"
        "<orderGroupId>G</orderGroupId></return>"
    ),
    "the key alone": (
        "<return><orderGroupId>G</orderGroupId><orderReference>E-1</orderReference><status>REALIZED</status></return>"
    ),
    "a nil one beside": f"<return><OrderState {NIL}/><OrderState>{STATE}</OrderState></return>",
}


@pytest.mark.parametrize("answer", STATES.values(), ids=STATES.keys())
def test_states_are_found_wherever_the_wrapper_puts_them(answer: str) -> None:
    assert read("getStatus", answer) == ONE


@pytest.mark.parametrize("answer", ["", "<return/>", f"<return {NIL}/>", "<status>OK</status><return/>"])
def test_no_state_is_an_empty_list(answer: str) -> None:
    assert read("getStatus", answer) == []


HALF = {
    "one of two without a key": f"<return>{STATE}</return><return><orderGroupId>G</orderGroupId></return>",
    "two keys": f"<return>{STATE}<status><statusKey>DENIED</statusKey></status></return>",
    "an empty key": "<return><status><statusKey> </statusKey></status></return>",
    "a key by another name": "<return><status><statusKeys>A</statusKeys><x>1</x></status></return>",
    "no status": "<return><orderGroupId>G</orderGroupId></return>",
}


@pytest.mark.parametrize("answer", HALF.values(), ids=HALF.keys())
def test_a_state_that_cannot_be_read_is_not_left_out(answer: str) -> None:
    with pytest.raises(ContractBroken):
        read("getStatus", answer)


REPORTS = {
    "wrapped": "<reports><Report><content>A</content></Report><Report><content>B</content></Report></reports>",
    "repeated": "<reports><content>A</content></reports><reports><content>B</content></reports>",
    "texts": "<reports><string>A</string><string>B</string></reports>",
    "texts straight": "<reports>A</reports><reports>B</reports>",
    "with more in them": (
        "<reports><Report><name>x</name><content>A</content></Report><Report><content>B</content></Report></reports>"
    ),
}


@pytest.mark.parametrize("reports", REPORTS.values(), ids=REPORTS.keys())
def test_reports_are_a_list_in_every_form(reports: str) -> None:
    found = read("checkGetMT940Result", f"<return><finished>true</finished>{reports}</return>")
    assert found == {"finished": True, "reports": [{"content": "A"}, {"content": "B"}]}


@pytest.mark.parametrize("reports", ["", "<reports/>", f"<reports {NIL}/>"])
def test_no_report_is_none(reports: str) -> None:
    found = read("checkGetMT940Result", f"<return><finished>1</finished>{reports}</return>")
    assert found == {"finished": True, "reports": []}


def test_reports_under_another_name_are_not_taken_for_none() -> None:
    """A day without statements would be confirmed, and its entries lost."""
    answer = "<return><finished>true</finished><files><File><content>A</content></File></files></return>"
    with pytest.raises(ContractBroken, match="reports is missing"):
        read("checkGetMT940Result", answer)
    assert read("checkGetMT940Result", answer, reports="files")["reports"] == [{"content": "A"}]


def test_errors_under_another_name_are_not_taken_for_none() -> None:
    answer = "<return><finished>true</finished><faults><Fault><code>V1</code></Fault></faults></return>"
    with pytest.raises(ContractBroken, match="errors is missing"):
        read("checkPaymentSendResult", answer)


@pytest.mark.parametrize("flag", ["tak", "", "2", "TRUE"])
def test_a_flag_that_is_none_is_not_guessed(flag: str) -> None:
    with pytest.raises(ContractBroken, match="finished"):
        read("checkGetMT940Result", f"<return><finished>{flag}</finished><reports/></return>")


@pytest.mark.parametrize(
    ("written", "people"), [("0", 0), ("2", 2), ("false", 0), ("true", 1), (None, None), ("<x/>", None)]
)
def test_who_must_confirm_is_a_number_or_a_flag(written: str | None, people: int | None) -> None:
    told = "" if written is None else f"<confirmationsRequired>{written}</confirmationsRequired>"
    found = read("loginWithSignature", f"<out><generatedToken>t</generatedToken>{told}</out>")
    assert found == {"generatedToken": "t", "confirmationsRequired": people}


def test_a_text_to_sign_keeps_every_character() -> None:
    assert read("initLoginWithSignature", "<return>  a\n b </return>") == "  a\n b "


@pytest.mark.parametrize("answer", ["<return><a>x</a><b>y</b></return>", "<return>x</return><return>y</return>"])
def test_of_two_texts_none_is_signed(answer: str) -> None:
    with pytest.raises(ContractBroken):
        read("initLoginWithSignature", answer)


GRANTED = {
    "operations repeated": (
        "<permissionsEntries><BackgroundSessionPermissionEntry><DIK>1</DIK><allowedOperations>a</allowedOperations>"
        "<allowedOperations>b</allowedOperations></BackgroundSessionPermissionEntry></permissionsEntries>"
    ),
    "operations in an array": (
        "<permissionsEntries><E><DIK>1</DIK><allowedOperations><string>a</string><string>b</string>"
        "</allowedOperations></E></permissionsEntries>"
    ),
    "entries repeated": (
        "<permissionsEntries><DIK>1</DIK><allowedOperations><string>a</string><string>b</string></allowedOperations>"
        "</permissionsEntries>"
    ),
}


@pytest.mark.parametrize("entries", GRANTED.values(), ids=GRANTED.keys())
def test_what_was_granted_is_read_in_every_form(entries: str) -> None:
    answer = f"<sessionToken>t</sessionToken><permissionConfig><endTime>2026-02-01T00:00:00Z</endTime>{entries}"
    found = read("createBackgroundSessionWithSignature", f"<return>{answer}</permissionConfig></return>")
    assert found["permissionConfig"] == {
        "endTime": datetime(2026, 2, 1, tzinfo=UTC),
        "permissionsEntries": [{"DIK": "1", "allowedOperations": ["a", "b"]}],
    }


def test_what_was_granted_may_be_unreadable_and_the_token_is_not_lost() -> None:
    answer = (
        "<return><sessionToken>t</sessionToken><permissionConfig><endTime>?</endTime></permissionConfig></return>"
    )
    found = read("createBackgroundSessionWithSignature", answer)
    assert found["sessionToken"] == "t"
    assert isinstance(found["permissionConfig"], Unreadable)


def test_a_problem_names_the_place_and_quotes_no_value() -> None:
    with pytest.raises(ContractBroken) as caught:
        read("login", "<return><generatedToken>geheim<x>1</x>tajne<y>2</y></generatedToken></return>")
    assert "a/return/generatedToken" in str(caught.value)
    assert not {"geheim", "tajne"} & set(str(caught.value).replace(":", " ").split())
