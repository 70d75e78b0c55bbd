"""The shipped contract, and a customer's own in its place."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lxml import etree

from companynet.client import CompanyNet
from companynet.contract import schema_path, wsdl_path
from companynet.domain.session import Secret
from companynet.errors import ProfileError
from companynet.outcomes import OPERATIONS
from companynet.profile import BankProfile
from companynet.soap.contract import Contract
from companynet.soap.envelope import body_of, parse_envelope
from companynet.soap.errors import ContractBroken
from companynet.testing import ScriptedBank, soap
from companynet.testing.scripted import envelope

CONTEXT = {"language": "pl", "version": "1.0.9", "clientInfo": "test", "clientVersion": "0"}


def own_wsdl(folder: Path) -> Path:
    """A WSDL with its types inside, in two schemas of two namespaces, as a bank's own may be."""
    inner = schema_path().read_text(encoding="utf-8").partition("?>")[2]
    inner = inner.replace('<xsd:element name="dik" type="tns:Text"', '<xsd:element name="dik" type="o:Dik"')
    inner = inner.replace("<xsd:simpleType", '<xsd:import namespace="urn:own"/><xsd:simpleType', 1).replace(
        "<xsd:schema ", '<xsd:schema xmlns:o="urn:own" ', 1
    )
    other = (
        '<xsd:schema targetNamespace="urn:own"><xsd:simpleType name="Dik"><xsd:restriction base="xsd:string">'
        '<xsd:pattern value="[0-9]{8}"/></xsd:restriction></xsd:simpleType></xsd:schema>'
    )
    text = wsdl_path().read_text(encoding="utf-8")
    start, end = text.index("<wsdl:types>"), text.index("</wsdl:types>")
    path = folder / "own bank.wsdl"
    path.write_text(text[:start] + "<wsdl:types>" + other + inner + text[end:], encoding="utf-8")
    return path


def test_a_call_is_soap_1_1_with_the_operation_as_the_one_element_of_its_body() -> None:
    """In the bank's namespace, with an empty SOAPAction, as text/xml."""
    with ScriptedBank(soap("getStatus")) as bank, CompanyNet(BankProfile(bank.url)) as client:
        assert client.orders.status(Secret("token"), "10000001", "G-1") == ()
        head, root = bank.heads[0].lower(), etree.fromstring(bank.bodies[0])
    assert 'soapaction: ""' in head
    assert {Contract().soap_action(name) for name in OPERATIONS} == {""}
    assert "content-type: text/xml; charset=utf-8" in head
    assert root.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Envelope"
    assert [node.tag for node in root[0]] == ["{http://model.ws.hp.com}getStatus"]


def test_a_customers_own_wsdl_is_used(tmp_path: Path) -> None:
    """Its facets count, in whichever of its schemas they are."""
    contract = Contract(own_wsdl(tmp_path))
    good = contract.request("initLoginWithSignature", {"context": CONTEXT | {"dik": "10000001"}, "userLogin": "A"})
    assert b"10000001" in good
    with pytest.raises(ContractBroken, match="dik"):
        contract.request("initLoginWithSignature", {"context": CONTEXT | {"dik": "1"}, "userLogin": "A"})


@pytest.mark.parametrize("content", ["", "<a/>", "no xml"], ids=["empty", "another document", "no XML"])
def test_a_file_that_is_no_wsdl_is_a_profile_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.wsdl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ProfileError, match=r"bad\.wsdl"):
        Contract(path)


def test_a_missing_wsdl_is_a_profile_error(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="absent"):
        Contract(tmp_path / "absent.wsdl")


def test_a_wsdl_loads_nothing_from_the_network(tmp_path: Path) -> None:
    path = tmp_path / "far.wsdl"
    text = wsdl_path().read_text(encoding="utf-8")
    path.write_text(text.replace("IBREService_v1_0.xsd", "http://127.0.0.1:1/far.xsd"), encoding="utf-8")
    with pytest.raises(ProfileError, match=r"far\.xsd"):
        Contract(path)


def test_a_wsdl_without_an_operation_is_a_profile_error(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="getCamt"):
        Contract().request("getCamt", {"context": CONTEXT})


def test_an_argument_there_is_no_place_for_is_not_left_out() -> None:
    with pytest.raises(ContractBroken, match="reason"):
        Contract().request("logout", {"context": CONTEXT, "reason": "x"})


def test_a_missing_argument_is_named() -> None:
    """The WSDL may take the message without it."""
    with pytest.raises(ContractBroken, match="userLogin"):
        Contract().request("initLoginWithSignature", {"context": CONTEXT})


@pytest.mark.parametrize(("hour", "sent_as"), [(0, "02:30:00+02:00"), (1, "02:30:00+01:00"), (12, "13:30:00+01:00")])
def test_times_go_out_in_the_banks_own_time_with_its_offset_and_days_as_days(hour: int, sent_as: str) -> None:
    """Right for who reads the offset and for who does not; also on the day the clocks go back."""
    contract = Contract()
    config = {
        "endTime": datetime(2025, 10, 26, hour, 30, tzinfo=UTC),
        "permissionsEntries": [{"DIK": "1", "allowedOperations": ["a", "b"]}],
    }
    sent = contract.request(
        "initCreateBackgroundSessionWithSignature", {"context": CONTEXT, "permissionConfig": config}
    )
    root = etree.fromstring(sent)
    assert root.findtext(".//{*}endTime") == f"2025-10-26T{sent_as}"
    assert [node.text for node in root.iterfind(".//{*}allowedOperations")] == ["a", "b"]
    days = {"from": date(2025, 9, 1), "to": date(2025, 9, 2), "compressed": False}
    root = etree.fromstring(contract.request("getMT940Ex", {"context": CONTEXT, **days}))
    assert [root.findtext(f".//{{*}}{name}") for name in ("from", "to", "compressed")] == [
        "2025-09-01",
        "2025-09-02",
        "false",
    ]


def test_a_secret_that_breaks_the_contract_is_not_quoted() -> None:
    """Validators quote what they refuse; here it would be a token."""
    answer = parse_envelope(
        envelope(
            "<m:loginResponse><m:return><m:generatedToken>s<m:x/>ecret</m:generatedToken>"
            "<m:confirmationsRequired>0</m:confirmationsRequired></m:return></m:loginResponse>"
        ).encode()
    )
    with pytest.raises(ContractBroken, match="generatedToken") as caught:
        Contract().answer("login", body_of(answer))
    assert "ecret" not in str(caught.value)


def test_a_secret_that_breaks_a_facet_is_not_quoted(tmp_path: Path) -> None:
    """The validator's sentence would hold it; the place is told."""
    path = own_wsdl(tmp_path)
    text = path.read_text(encoding="utf-8")
    text = text.replace('name="authenticationToken" type="tns:Text"', 'name="authenticationToken" type="o:Dik"')
    path.write_text(text, encoding="utf-8")
    context = CONTEXT | {"dik": "10000001", "authenticationToken": "very-secret"}
    with pytest.raises(ContractBroken, match="context/authenticationToken") as caught:
        Contract(path).request("getStatus", {"context": context, "orderGroupId": "G"})
    assert "very-secret" not in str(caught.value)
