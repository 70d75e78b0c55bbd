"""A second bank, after a WSDL of its own: other names, other prefixes, more in its messages, the footer wanted.

It shares nothing with the client but the check of a signature, and validates what it is sent and what it answers.
"""

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from companynet.signing import CertificateInfo, check_signature
from companynet.testing import TestIdentity, make_identity

HERE = Path(__file__).parent
SERVICE, TYPES = "urn:przyklad:firma:uslugi:v2", "urn:przyklad:firma:typy:v2"
SCHEMA = etree.XMLSchema(etree.parse(str(HERE / "uslugi.xsd")))
FOOTER = "-----END PKCS7-----"
TIME = "<serverTime>2026-01-05T12:00:00+01:00</serverTime>"
STATEMENT = (HERE.parent / "golden" / "mbank_day.sta").read_bytes()


class Refused(Exception):
    """The bank says no."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code, text


class OwnBank(HTTPServer):
    """The bank and its books."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.identity: TestIdentity = make_identity()
        self.certificate: CertificateInfo | None = None
        self.operations: list[str] = []
        self.session = ""
        self.confirmed: list[str] = []
        self.orders: dict[str, tuple[str, bytes]] = {}
        self.polls = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/firma/online"

    def answer(self, action: str, content: bytes) -> tuple[int, bytes]:
        """The answer to one envelope."""
        body = etree.fromstring(content).find("{*}Body")
        assert body is not None
        request = body[0]
        operation = etree.QName(request).localname
        try:
            _check_form(action, request)
            self.operations.append(operation)
            returned = HANDLERS[operation](self, request)
        except Refused as error:
            detail = f"<ns7:ServiceError><code>{error.code}</code><message>{error.text}</message></ns7:ServiceError>"
            return 500, _envelope(
                "<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>odmowa</faultstring>"
                f"<detail>{detail}</detail></soapenv:Fault>"
            )
        inner = f"<return>{returned}</return>{TIME}" if returned is not None else ""
        made = _envelope(f"<ns7:{operation}Response>{inner}</ns7:{operation}Response>")
        SCHEMA.assertValid(etree.fromstring(made)[1][0])
        return 200, made

    def signed(self, request: etree._Element, text: str) -> None:
        """Refuse a signature that is not this bank's form, or not over the text."""
        signature = _text(request, "signature")
        if not signature.endswith(FOOTER) or "\n" in signature:
            raise Refused("S-31", "brak stopki podpisu")
        check_signature(base64.b64decode(signature.removesuffix(FOOTER)), text.encode("utf-16-le"), self.certificate)

    def on_session(self, request: etree._Element) -> None:
        """Refuse a call that is not on the session."""
        if not self.session or _text(request, "authenticationToken") != self.session:
            raise Refused("S-40", "sesja nie istnieje")


def _envelope(body: str) -> bytes:
    return (
        f'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns7="{SERVICE}" '
        f'xmlns:ns3="{TYPES}"><soapenv:Header/><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
    ).encode()


def _check_form(action: str, request: etree._Element) -> None:
    if not SCHEMA.validate(request):
        raise Refused("X-1", str(SCHEMA.error_log[0].message))  # type: ignore[index]
    if action != f'"urn:przyklad:firma/{etree.QName(request).localname}"':
        raise Refused("X-2", f"SOAPAction {action}")


def _text(request: etree._Element, name: str) -> str:
    return request.findtext(f".//{{*}}{name}") or ""


def _login_text(_bank: OwnBank, _request: etree._Element) -> str:
    return "Zaloguj mnie: 7f"


def _login(bank: OwnBank, request: etree._Element) -> str:
    bank.signed(request, "Zaloguj mnie: 7f")
    return (
        "<ns3:generatedToken>login</ns3:generatedToken><ns3:confirmationsRequired>0</ns3:confirmationsRequired>"
        "<ns3:userName>Anna Próbna</ns3:userName><ns3:lastLogin>2026-01-04T08:00:00Z</ns3:lastLogin>"
    )


def _session_text(_bank: OwnBank, request: etree._Element) -> str:
    return f"Sesja do {_text(request, 'endTime')}"


def _create(bank: OwnBank, request: etree._Element) -> str:
    bank.signed(request, f"Sesja do {_text(request, 'endTime')}")
    bank.session = "sesja-firmy"
    return (
        "<ns3:sessionId>5</ns3:sessionId><ns3:sessionToken>sesja-firmy</ns3:sessionToken><ns3:permissionConfig>"
        "<ns3:endTime>2026-03-01T00:00:00Z</ns3:endTime><ns3:permissionsEntries>"
        "<ns3:BackgroundSessionPermissionEntry><ns3:DIK>10000001</ns3:DIK>"
        "<ns3:allowedOperations>getStatus</ns3:allowedOperations></ns3:BackgroundSessionPermissionEntry>"
        "</ns3:permissionsEntries></ns3:permissionConfig>"
    )


def _statements(bank: OwnBank, request: etree._Element) -> str:
    bank.on_session(request)
    bank.polls = 1
    return "Z/1"


def _reports(bank: OwnBank, request: etree._Element) -> str:
    bank.on_session(request)
    if bank.polls:
        bank.polls -= 1
        return "<ns3:finished>false</ns3:finished><ns3:progress>40</ns3:progress>"
    content = base64.b64encode(STATEMENT).decode()
    return (
        "<ns3:finished>true</ns3:finished><ns3:progress>100</ns3:progress><ns3:reports><ns3:Report>"
        f"<ns3:name>wyciag.sta</ns3:name><ns3:content>{content}</ns3:content></ns3:Report></ns3:reports>"
    )


def _confirm(bank: OwnBank, request: etree._Element) -> None:
    bank.on_session(request)
    bank.confirmed.append(_text(request, "taskId"))


def _send(bank: OwnBank, request: etree._Element) -> str:
    bank.on_session(request)
    data = base64.b64decode(_text(request, "data"))
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != _text(request, "md5"):
        raise Refused("M-5", "suma kontrolna")
    bank.orders[_text(request, "clientOrderGroupId")] = (_text(request, "format"), data)
    return "Z/2"


def _sent(bank: OwnBank, request: etree._Element) -> str:
    bank.on_session(request)
    return (
        "<ns3:finished>true</ns3:finished><ns3:groupId>G/9</ns3:groupId>"
        "<ns3:receivedAt>2026-01-05T12:00:01Z</ns3:receivedAt>"
    )


def _states(bank: OwnBank, request: etree._Element) -> str:
    bank.on_session(request)
    if _text(request, "orderGroupId") not in {"G/9", *bank.orders}:
        raise Refused("G-404", "nie ma takiej paczki")
    return (
        "<ns3:OrderState><ns3:orderGroupId>G/9</ns3:orderGroupId><ns3:changedAt>2026-01-05T12:00:02Z</ns3:changedAt>"
        "<ns3:orderReference>E-1</ns3:orderReference><ns3:status><ns3:statusKey>NOWY_KLUCZ</ns3:statusKey>"
        "<ns3:statusName>Nowy</ns3:statusName></ns3:status></ns3:OrderState>"
    )


def _finish(bank: OwnBank, request: etree._Element) -> None:
    bank.on_session(request)
    bank.session = ""


HANDLERS: dict[str, Callable[[OwnBank, etree._Element], str | None]] = {
    "initLoginWithSignature": _login_text,
    "loginWithSignature": _login,
    "initCreateBackgroundSessionWithSignature": _session_text,
    "createBackgroundSessionWithSignature": _create,
    "logout": lambda _bank, _request: None,
    "getMT940Ex": _statements,
    "checkGetMT940Result": _reports,
    "confirmResponseReceived": _confirm,
    "universalPaymentSend": _send,
    "checkPaymentSendResult": _sent,
    "getStatus": _states,
    "finishBackgroundSession": _finish,
}


class Handler(BaseHTTPRequestHandler):
    server: OwnBank

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.server.answer(self.headers["SOAPAction"], content)
        self.send_response(status if self.path == "/firma/online" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's name
        """Quiet."""


@pytest.fixture
def own_bank() -> Iterator[OwnBank]:
    with OwnBank() as bank:
        thread = threading.Thread(target=bank.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield bank
        bank.shutdown()
        thread.join(5)
