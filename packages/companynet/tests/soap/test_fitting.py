"""Requests are made for the WSDL that is there, in whichever form it declares what is needed."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from companynet.contract import schema_path, wsdl_path
from companynet.errors import ProfileError
from companynet.outcomes import OPERATIONS
from companynet.soap.contract import Contract
from companynet.soap.errors import ContractBroken

CONTEXT = {"language": "pl", "version": "1.0.9", "clientInfo": "test", "clientVersion": "0"}
SESSION = CONTEXT | {"dik": "10000001", "authenticationToken": "t"}
CONFIG = {
    "endTime": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "permissionsEntries": [{"DIK": "1", "allowedOperations": ["a", "b"]}, {"DIK": "2", "allowedOperations": ["c"]}],
}
DAYS = {"context": SESSION, "from": date(2025, 10, 26), "to": date(2025, 10, 27), "compressed": False}
DATA = "<Document>Żółw\r\n</Document>".encode()
ORDER = {
    "context": SESSION,
    "orderMetadata": {
        "clientOrderGroupId": "20261201001",
        "fileName": "a.xml",
        "format": "CT_ISO20022",
        "encoding": "utf8",
        "md5": "0" * 32,
        "modificationDate": datetime(2026, 1, 1, tzinfo=UTC),
        "editable": True,
        "sendToAuth": False,
        "orderAwaitingFunds": False,
        "massPayment": False,
        "massPlus": False,
        "massTransfer": False,
    },
    "data": DATA,
    "validationErrorsAreFatal": True,
}
ARRAY_OF_STRING = (
    '<xsd:schema targetNamespace="urn:arrays" elementFormDefault="qualified"><xsd:complexType name="ArrayOfString">'
    '<xsd:sequence><xsd:element name="string" type="xsd:string" nillable="true" minOccurs="0" maxOccurs="unbounded"/>'
    "</xsd:sequence></xsd:complexType></xsd:schema>"
)
ENTRY_REPEATED = (
    '<xsd:element name="BackgroundSessionPermissionEntry" type="tns:BackgroundSessionPermissionEntry"\n'
    '                maxOccurs="unbounded"/>'
)
ENTRY_PARTS = (
    '<xsd:element name="DIK" type="tns:Text"/>'
    '<xsd:element name="allowedOperations" type="tns:Text" maxOccurs="unbounded"/>'
)


def contract(folder: Path, *changes: tuple[str, str], more: str = "", **settings: dict[str, str]) -> Contract:
    """The shipped contract with its types inside, and changes in them."""
    inner = schema_path().read_text(encoding="utf-8").partition("?>")[2]
    for old, new in changes:
        assert old in inner, old
        inner = inner.replace(old, new)
    if more:
        inner = inner.replace("<xsd:simpleType", '<xsd:import namespace="urn:arrays"/><xsd:simpleType', 1)
        inner = inner.replace("<xsd:schema ", '<xsd:schema xmlns:arr="urn:arrays" ', 1)
    text = wsdl_path().read_text(encoding="utf-8")
    start, end = text.index("<wsdl:types>"), text.index("</wsdl:types>")
    path = folder / "own.wsdl"
    path.write_text(text[:start] + "<wsdl:types>" + more + inner + text[end:], encoding="utf-8")
    return Contract(path, settings.get("names", {}), settings.get("values", {}))


def sent(made: Contract, operation: str, arguments: dict[str, Any]) -> etree._Element:
    return etree.fromstring(made.request(operation, arguments))


def texts(root: etree._Element, path: str) -> list[str | None]:
    return [node.text for node in root.iterfind(f".//{path}")]


def test_the_shipped_contract_has_all_that_is_needed() -> None:
    made = Contract()
    assert {name: made.fit(name).problems for name in OPERATIONS} == dict.fromkeys(OPERATIONS, ())


def test_a_list_is_wrapped_in_an_array_type_of_another_namespace(tmp_path: Path) -> None:
    """As the one client that works sends it."""
    made = contract(
        tmp_path,
        (
            '<xsd:element name="allowedOperations" type="tns:Text" maxOccurs="unbounded"/>',
            '<xsd:element name="allowedOperations" type="arr:ArrayOfString" nillable="true" minOccurs="0"/>',
        ),
        more=ARRAY_OF_STRING,
    )
    arguments = {"context": CONTEXT | {"authenticationToken": "t"}, "permissionConfig": CONFIG}
    root = sent(made, "initCreateBackgroundSessionWithSignature", arguments)
    assert texts(root, "{*}allowedOperations/{urn:arrays}string") == ["a", "b", "c"]
    assert texts(root, "{*}DIK") == ["1", "2"]


def test_a_list_is_a_repeated_element(tmp_path: Path) -> None:
    made = contract(
        tmp_path,
        ('<xsd:element name="permissionsEntries">', '<xsd:element name="permissionsEntries" maxOccurs="unbounded">'),
        (ENTRY_REPEATED, ENTRY_PARTS),
    )
    arguments = {"context": CONTEXT | {"authenticationToken": "t"}, "permissionConfig": CONFIG}
    root = sent(made, "initCreateBackgroundSessionWithSignature", arguments)
    assert len(root.findall(".//{*}permissionsEntries")) == 2
    assert texts(root, "{*}permissionsEntries/{*}allowedOperations") == ["a", "b", "c"]


@pytest.mark.parametrize("declared", ["xsd:string", "xsd:base64Binary"])
def test_data_are_text_or_base64_by_the_declared_type(tmp_path: Path, declared: str) -> None:
    """As text they come out byte for byte, ends of lines too: the bank counts md5 over them."""
    made = contract(tmp_path, ('name="data" type="xsd:base64Binary"', f'name="data" type="{declared}"'))
    found = texts(sent(made, "universalPaymentSend", ORDER), "{*}data")[0]
    assert found is not None
    if declared == "xsd:string":
        assert found.encode() == DATA
    else:
        assert found != DATA.decode()
        assert etree.fromstring(made.request("universalPaymentSend", ORDER)) is not None


def test_data_that_are_no_text_are_refused_and_not_quoted(tmp_path: Path) -> None:
    made = contract(tmp_path, ('name="data" type="xsd:base64Binary"', 'name="data" type="xsd:string"'))
    for data in (b"\xff\xfe", b"a\x01b", b""):
        with pytest.raises(ContractBroken, match="data: the value does not fit"):
            made.request("universalPaymentSend", ORDER | {"data": data})


def test_a_day_is_its_midnight_at_the_bank_where_a_moment_is_declared(tmp_path: Path) -> None:
    """With the offset of that day: the clocks go back on the first."""
    made = contract(tmp_path, ('type="xsd:date"', 'type="xsd:dateTime"'))
    root = sent(made, "getMT940Ex", DAYS)
    assert texts(root, "{*}from") + texts(root, "{*}to") == ["2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00"]


def test_an_id_is_a_number_where_one_is_declared_and_never_another(tmp_path: Path) -> None:
    made = contract(
        tmp_path, ('name="clientOrderGroupId" type="tns:Text"', 'name="clientOrderGroupId" type="xsd:long"')
    )
    assert texts(sent(made, "universalPaymentSend", ORDER), "{*}clientOrderGroupId") == ["20261201001"]
    for wrong in ("B-1", "007", "1.0", "٣"):
        metadata = {**ORDER["orderMetadata"], "clientOrderGroupId": wrong}  # type: ignore[dict-item]
        with pytest.raises(ContractBroken, match="orderMetadata/clientOrderGroupId"):
            made.request("universalPaymentSend", ORDER | {"orderMetadata": metadata})


def test_what_the_wsdl_has_beside_is_left_out_where_it_may_be(tmp_path: Path) -> None:
    """Optional, nillable, with a default, or one choice of several."""
    more = (
        '<xsd:element name="channel" type="xsd:string" minOccurs="0"/><xsd:element name="kind" type="xsd:string" '
        'nillable="true"/><xsd:choice minOccurs="0"><xsd:element name="x" type="xsd:string"/>'
        '<xsd:element name="y" type="xsd:string"/></xsd:choice>'
    )
    last = '<xsd:element name="massTransfer" type="xsd:boolean"/>'
    made = contract(tmp_path, (last, last + more))
    assert made.fit("universalPaymentSend").problems == ()
    assert texts(sent(made, "universalPaymentSend", ORDER), "{*}channel") == []


def needing_a_channel(folder: Path, **settings: dict[str, str]) -> Contract:
    return contract(
        folder,
        (
            '<xsd:element name="massTransfer" type="xsd:boolean"/>',
            '<xsd:element name="massTransfer" type="xsd:boolean"/><xsd:element name="channel" type="xsd:int"/>',
        ),
        **settings,
    )


def test_what_the_wsdl_requires_and_nobody_knows_is_named(tmp_path: Path) -> None:
    """Only what needs it is unavailable."""
    made = needing_a_channel(tmp_path)
    with pytest.raises(ProfileError, match="orderMetadata/channel is required, and this library does not know it"):
        made.request("universalPaymentSend", ORDER)
    assert made.request("getMT940Ex", DAYS)


def test_what_the_wsdl_requires_is_a_setting(tmp_path: Path) -> None:
    made = needing_a_channel(tmp_path, values={"universalPaymentSend/orderMetadata/channel": "7"})
    assert texts(sent(made, "universalPaymentSend", ORDER), "{*}channel") == ["7"]


def test_other_names_are_a_setting_and_never_guessed(tmp_path: Path) -> None:
    text = schema_path().read_text(encoding="utf-8")
    request = text[text.index('<xsd:element name="getStatus">') :]
    change = (request, request.replace('name="orderGroupId"', 'name="packageId"', 1))
    arguments = {"context": SESSION, "orderGroupId": "G-1"}
    with pytest.raises(ProfileError, match=r"orderGroupId is missing; packageId is required"):
        contract(tmp_path, change).request("getStatus", arguments)
    made = contract(tmp_path, change, names={"getStatus/orderGroupId": "packageId"})
    assert texts(sent(made, "getStatus", arguments), "{*}packageId") == ["G-1"]


def test_a_context_without_a_place_for_the_dik_serves_what_concerns_no_customer(tmp_path: Path) -> None:
    made = contract(tmp_path, ('<xsd:element name="dik" type="tns:Text" minOccurs="0"/>', ""))
    assert made.request("finishBackgroundSession", {"context": CONTEXT | {"authenticationToken": "t"}})
    with pytest.raises(ContractBroken, match="there is no place for dik"):
        made.request("getStatus", {"context": SESSION, "orderGroupId": "G"})


def test_an_empty_value_is_never_sent() -> None:
    """A WSDL whose texts have no facets would take it."""
    with pytest.raises(ContractBroken, match="orderGroupId"):
        Contract().request("getStatus", {"context": SESSION, "orderGroupId": ""})
