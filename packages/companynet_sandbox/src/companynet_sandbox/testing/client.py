"""For tests: a user of the bank who works through envelopes written by hand.

No library of the project stands between, so that what it finds holds for the bank alone. Names and shapes are those
of the contract (L-014, L-015, L-016, L-018, L-020, L-023, L-028), version and encoding as the bank has them (L-206,
L-207).
"""

import base64
import datetime as dt
import hashlib
import http.client
import urllib.parse
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7, pkcs12
from lxml import etree

from companynet_sandbox.books.clock import ZONE
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing.identity import Identity
from companynet_sandbox.testing.process import RunningBank

_MODEL: Final = "http://model.ws.hp.com"
#: What an ERP asks for.
OPERATIONS: Final = (
    "getMT940Ex",
    "checkGetMT940Result",
    "confirmResponseReceived",
    "universalPaymentSend",
    "checkPaymentSendResult",
    "getStatus",
)


class Fault(Exception):
    """A SOAP fault of the bank."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass
class Answer:
    """An answer's element below the operation's."""

    element: etree._Element

    def text(self, path: str) -> str:
        """The text at a path of names."""
        return self.element.findtext("/".join(f"{{*}}{name}" for name in path.split("/"))) or ""

    def texts(self, name: str) -> list[str]:
        """The texts of all elements of a name."""
        return [item.text or "" for item in self.element.iter(f"{{{_MODEL}}}{name}")]


class Caller:
    """Calls the bank with envelopes written by hand."""

    def __init__(self, bank: RunningBank) -> None:
        self.bank = bank

    def envelope(
        self,
        operation: str,
        body: str = "",
        *,
        dik: str | None = None,
        token: str | None = None,
        version: str = "1.0.9",
    ) -> bytes:
        """An envelope with one request."""
        context = f"<m:dik>{dik}</m:dik>" if dik else ""
        context += f"<m:language>en</m:language><m:version>{version}</m:version>"
        context += "<m:clientInfo>test</m:clientInfo><m:clientVersion>1</m:clientVersion>"
        context += f"<m:authenticationToken>{token}</m:authenticationToken>" if token else ""
        return (
            f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="{_MODEL}"><s:Body>'
            f"<m:{operation}><m:context>{context}</m:context>{body}</m:{operation}></s:Body></s:Envelope>"
        ).encode()

    def send(self, data: bytes) -> tuple[int, bytes]:
        """Post bytes; status and body."""
        url = urllib.parse.urlsplit(self.bank.soap_url)
        connection = http.client.HTTPConnection(url.netloc, timeout=20)
        try:
            connection.request(
                "POST", url.path, data, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def call(self, operation: str, body: str = "", *, dik: str | None = None, token: str | None = None) -> Answer:
        """Call; a fault is raised."""
        return read_answer(*self.send(self.envelope(operation, body, dik=dik, token=token)))


def read_answer(status: int, data: bytes) -> Answer:
    """The answer in an envelope; a fault is raised."""
    root = etree.fromstring(data)
    element = root[0][0]
    if etree.QName(element).localname == "Fault":
        if status != 500:
            raise ValueError(f"a fault with HTTP status {status}")
        raise Fault(element.findtext(".//{*}code") or "", element.findtext(".//{*}message") or "")
    if status != 200:
        raise ValueError(f"an answer with HTTP status {status}")
    return Answer(element)


def sign(identity: Identity, password: str, text: str, *, pss: bool = False) -> str:
    """A detached signature over a text, as the bank wants it."""
    key, certificate, _chain = pkcs12.load_key_and_certificates(identity.p12, password.encode())
    if certificate is None or not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("the identity has no RSA or EC key with a certificate")
    scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH) if pss else None
    builder = pkcs7.PKCS7SignatureBuilder().set_data(text.encode("utf-16-le"))
    signed = builder.add_signer(certificate, key, hashes.SHA256(), rsa_padding=scheme).sign(
        Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    )
    return base64.b64encode(signed).decode()


def permissions(end: dt.datetime, *diks: str, operations: tuple[str, ...] = OPERATIONS) -> str:
    """A permissionConfig."""
    names = "".join(f"<m:allowedOperations>{name}</m:allowedOperations>" for name in operations)
    entries = "".join(
        f"<m:BackgroundSessionPermissionEntry><m:DIK>{dik}</m:DIK>{names}</m:BackgroundSessionPermissionEntry>"
        for dik in diks
    )
    return (
        f"<m:permissionConfig><m:endTime>{end:%Y-%m-%dT%H:%M:%SZ}</m:endTime>"
        f"<m:permissionsEntries>{entries}</m:permissionsEntries></m:permissionConfig>"
    )


class Customer:
    """A bank user with a qualified signature who works through the web service."""

    def __init__(self, bank: RunningBank, identity: Identity, password: str, user: str = demo_data.USER_ALFA) -> None:
        self.bank, self.identity, self.user = bank, identity, user
        self._password = password
        self.caller = Caller(bank)
        self.dik = demo_data.DIK_ALFA
        self.token = ""

    def sign(self, text: str) -> str:
        """A signature over a text."""
        return sign(self.identity, self._password, text)

    def login(self) -> str:
        """Log in by signature; the login's token."""
        user = f"<m:userLogin>{self.user}</m:userLogin>"
        challenge = self.caller.call("initLoginWithSignature", user, dik=self.dik).text("return")
        body = f"{user}<m:signature>{self.sign(challenge)}</m:signature>"
        return self.caller.call("loginWithSignature", body, dik=self.dik).text("return/generatedToken")

    def open_session(
        self, *diks: str, end: dt.datetime | None = None, operations: tuple[str, ...] = OPERATIONS
    ) -> Answer:
        """Open a background session and use it from now on."""
        login = self.login()
        config = permissions(
            end or dt.datetime.now(dt.UTC) + dt.timedelta(days=30), *(diks or (self.dik,)), operations=operations
        )
        text = self.caller.call("initCreateBackgroundSessionWithSignature", config, dik=self.dik, token=login)
        body = f"<m:signature>{self.sign(text.text('return'))}</m:signature>{config}"
        answer = self.caller.call("createBackgroundSessionWithSignature", body, dik=self.dik, token=login)
        self.token = answer.text("return/sessionToken")
        return answer

    def call(self, operation: str, body: str = "", dik: str | None = None) -> Answer:
        """Call on the session."""
        return self.caller.call(operation, body, dik=dik or self.dik, token=self.token)

    def statements(self, first: dt.date, last: dt.date, *, compressed: str = "false") -> list[bytes]:
        """Fetch statements: ask, poll, confirm."""
        body = f"<m:from>{first}</m:from><m:to>{last}</m:to><m:compressed>{compressed}</m:compressed>"
        task = f"<m:taskId>{self.call('getMT940Ex', body).text('return')}</m:taskId>"
        answer = self.call("checkGetMT940Result", task)
        while answer.text("return/finished") == "false":
            answer = self.call("checkGetMT940Result", task)
        self.call("confirmResponseReceived", task)
        return [base64.b64decode(text) for text in answer.texts("content")]

    def send_orders(self, client_id: str, data: bytes, **flags: Any) -> Answer:
        """Send an order file and poll until the bank has looked at it; the result. Flags as :meth:`start_sending`."""
        task = f"<m:taskId>{self.start_sending(client_id, data, **flags)}</m:taskId>"
        answer = self.call("checkPaymentSendResult", task)
        while answer.text("return/finished") == "false":
            answer = self.call("checkPaymentSendResult", task)
        return answer

    def start_sending(
        self,
        client_id: str,
        data: bytes,
        *,
        fatal: bool = True,
        awaiting_funds: bool = False,
        editable: bool = True,
        to_authorisation: bool = False,
        md5: str = "",
    ) -> str:
        """Send an order file; the id of the task."""
        flags = {"editable": editable, "sendToAuth": to_authorisation, "orderAwaitingFunds": awaiting_funds}
        flags |= dict.fromkeys(("massPayment", "massPlus", "massTransfer"), False)
        metadata = {
            "clientOrderGroupId": client_id,
            "fileName": "orders.xml",
            "format": "CT_ISO20022",
            "encoding": "utf8",
            "md5": md5 or hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "modificationDate": "2026-01-01T00:00:00Z",
            **{name: str(value).lower() for name, value in flags.items()},
        }
        body = "".join(f"<m:{name}>{value}</m:{name}>" for name, value in metadata.items())
        body = f"<m:orderMetadata>{body}</m:orderMetadata><m:data>{base64.b64encode(data).decode()}</m:data>"
        body += f"<m:validationErrorsAreFatal>{str(fatal).lower()}</m:validationErrorsAreFatal>"
        return self.call("universalPaymentSend", body).text("return")

    def states(self, group: str) -> list[tuple[str, str]]:
        """The orders of a group: EndToEndId and status key."""
        answer = self.call("getStatus", f"<m:orderGroupId>{group}</m:orderGroupId>")
        return list(zip(answer.texts("orderReference"), answer.texts("statusKey"), strict=True))


@dataclass(frozen=True)
class Transfer:
    """An order of a file; ids are made from ``name``."""

    name: str
    amount: str = "100.00"
    payee: str = demo_data.BETA_PLN
    title: str = "FV 1/2026"
    currency: str = "PLN"
    instrument: str = ""
    """LclInstrm/Prtry."""

    service_level: str = ""
    """SvcLvl/Cd."""

    priority: str = ""
    """InstrPrty."""

    charge_bearer: str = ""
    """ChrgBr."""

    tax: str = ""
    """The Tax block, as XML without a prefix."""

    def type_information(self) -> str:
        """The PmtTpInf block; nothing if no code is given."""
        parts = (
            f"<InstrPrty>{self.priority}</InstrPrty>" if self.priority else "",
            f"<SvcLvl><Cd>{self.service_level}</Cd></SvcLvl>" if self.service_level else "",
            f"<LclInstrm><Prtry>{self.instrument}</Prtry></LclInstrm>" if self.instrument else "",
        )
        return f"<PmtTpInf>{''.join(parts)}</PmtTpInf>" if any(parts) else ""


def order_file(
    message_id: str,
    *transfers: Transfer,
    debtor: str = demo_data.ALFA_PLN,
    day: dt.date | None = None,
    control_sum: str = "",
) -> bytes:
    """A pain.001.001.03 of one payment block."""
    total = control_sum or f"{sum(Decimal(item.amount) for item in transfers):.2f}"
    orders = "".join(
        f"<CdtTrfTxInf><PmtId><InstrId>I-{item.name}</InstrId><EndToEndId>{item.name}</EndToEndId></PmtId>"
        f'{item.type_information()}<Amt><InstdAmt Ccy="{item.currency}">{item.amount}</InstdAmt></Amt>'
        f"{f'<ChrgBr>{item.charge_bearer}</ChrgBr>' if item.charge_bearer else ''}"
        f"<Cdtr><Nm>Beta Handel S.A.</Nm></Cdtr>"
        f"<CdtrAcct><Id><IBAN>{'PL' if item.payee[:2].isdigit() else ''}{item.payee}</IBAN></Id></CdtrAcct>{item.tax}"
        f"<RmtInf><Ustrd>{item.title}</Ustrd></RmtInf></CdtTrfTxInf>"
        for item in transfers
    )
    counts = f"<NbOfTxs>{len(transfers)}</NbOfTxs><CtrlSum>{total}</CtrlSum>"
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"><CstmrCdtTrfInitn>'
        f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-01-01T00:00:00</CreDtTm>{counts}"
        "<InitgPty><Nm>Alfa</Nm></InitgPty></GrpHdr>"
        f"<PmtInf><PmtInfId>P-{message_id}</PmtInfId><PmtMtd>TRF</PmtMtd>{counts}"
        f"<ReqdExctnDt>{day or dt.datetime.now(ZONE).date()}</ReqdExctnDt><Dbtr><Nm>Alfa</Nm></Dbtr>"
        f"<DbtrAcct><Id><IBAN>PL{debtor}</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId><BIC>BREXPLPWXXX</BIC></FinInstnId></DbtrAgt>{orders}</PmtInf>"
        "</CstmrCdtTrfInitn></Document>"
    ).encode()
