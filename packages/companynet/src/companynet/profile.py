"""What is unconfirmed about the bank, as data: one :class:`BankProfile`.

Each field that rests on weak knowledge has its line in ``docs/ledger.md``. A customer who has the bank's own
documents puts other values (and the bank's own WSDL) here, and no code changes.
"""

import json
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from types import NoneType
from typing import Final
from urllib.parse import urlsplit

from companynet.errors import ProfileError

_WORDS: Final[Mapping[type, str]] = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}

#: Settings that are objects of texts.
_OBJECTS: Final = frozenset({"fault_codes", "contract_names", "contract_values"})

#: Endpoints named in public material; presets to choose, never defaults.  # L-004
PRESET_ENDPOINTS: Final = {
    "test": "https://www.companynet-test.ebre.pl/ws/services/IBREService_v1_0",
    "production": "https://ws.companynet.mbank.pl/mt/services/IBREService_v1_0",
}

#: Codes of SOAP faults and the name of the error class they mean. The bank's own list is unknown; these are the
#: sandbox's. A profile changes them code by code. **Only what is listed is a refusal**: after any other code it is
#: not known whether the bank acted (``UnlistedFault``, code and text kept).  # L-005
DEFAULT_FAULT_CODES: Final[Mapping[str, str]] = {
    "LOGIN_REFUSED": "LoginRefused",
    "CERTIFICATE_REFUSED": "CertificateRefused",
    "SIGNATURE_INVALID": "SignatureRefused",
    "DIK_REFUSED": "DikRefused",
    "PERMISSION_DENIED": "PermissionRefused",
    "SESSION_INVALID": "SessionInvalid",
    "DUPLICATE_ID": "DuplicateOrder",
    "ORDER_INVALID": "OrderRefused",
    "ORDER_GROUP_UNKNOWN": "OrderGroupUnknown",
    "THROTTLED": "BankThrottled",
    "REQUEST_INVALID": "Refused",
}

#: Keys after which an order does not change any more.  # L-002
DEFAULT_FINAL_KEYS: Final = ("REALIZED", "DENIED", "REALIZ_AND_COND", "DELETED")
#: Final keys that say the money left.  # L-003
DEFAULT_EXECUTED_KEYS: Final = ("REALIZED", "REALIZ_AND_COND")


@dataclass(frozen=True)
class BankProfile:
    """Everything about the bank that a customer may have to set otherwise."""

    endpoint: str
    """The URL of the service."""

    wsdl: Path | None = None
    """The customer's own WSDL; None for the one shipped with the library."""

    contract_names: Mapping[str, str] = field(default_factory=dict)
    """The bank's names of operations and of their parts, where its WSDL has others than ours: ours to the bank's,
    ours alone or behind ``operation/`` for that operation. Nothing is guessed.  L-031"""

    contract_values: Mapping[str, str] = field(default_factory=dict)
    """Values for parts that the bank's WSDL requires and this library does not know: ``operation/path`` to the text
    to send.  L-031"""

    interface_version: str = "1.0.9"
    """Sent with each call.  L-006"""

    language: str = "pl"
    """Of the bank's texts: pl, en or de.  L-016"""

    client_info: str = "MBankPluginV2"
    """Names this program to the bank.  L-016"""

    client_version: str = "0.1.0"
    """Its version.  L-016"""

    challenge_encoding: str = "utf-16-le"
    """How a text to sign becomes bytes.  L-007"""

    signature_line: bool = True
    """Send the base64 body on one line, without header.  L-008"""

    signature_footer: bool = False
    """Keep the PEM footer behind the body.  L-008"""

    order_format: str = "CT_ISO20022"
    """The name of pain.001 in ``orderMetadata``.  L-009"""

    send_to_auth: bool = False
    """Hand orders straight to authorisation; an integrator does not.  L-010"""

    status_by_client_id: bool = True
    """``getStatus`` finds a group by our own clientOrderGroupId too. If not, a lost answer stays unknown until a
    person looks it up.  L-011"""

    absence_by_client_id: bool = False
    """When ``getStatus`` by our own clientOrderGroupId says "not known", the orders are really not with the bank and
    may be sent again. Not before somebody has seen it so: with False "not known" proves nothing, and a lost answer
    without a task id stays unknown until a person has looked in CompanyNet.  L-700"""

    report_content: str = "auto"
    """Report content is plain ``text``, ``base64``, or ``auto`` (told by looking).  L-012"""

    poll_interval: float = 5.0
    """Seconds between two questions about a task.  L-013"""

    poll_factor: float = 1.0
    """By how much each pause is longer than the one before; 1 for even pauses."""

    poll_longest: float = 60.0
    """Seconds a pause may have."""

    poll_limit: int = 20
    """How many times to ask.  L-013"""

    poll_deadline: float = 600.0
    """Seconds for all questions about one task together."""

    parallel_limit: int = 16
    """How many calls may be under way at the same time where many are asked at once.  L-159"""

    connect_timeout: float = 10.0
    """Seconds to make a connection."""

    read_timeout: float = 60.0
    """Seconds to wait for the next bytes of an answer."""

    call_timeout: float = 120.0
    """Seconds for a whole call."""

    answer_limit: int = 64 * 1024 * 1024
    """Bytes an answer may have."""

    report_limit: int = 256 * 1024 * 1024
    """Bytes the packed reports of one answer may unfold to."""

    ca_file: Path | None = None
    """PEM file of the trusted roots; None for certifi's."""

    client_certificate: Path | None = None
    """PEM file of the certificate this side shows in TLS, its issuers behind it; None for none."""

    client_key: Path | None = None
    """PEM file of its key; None if it is in the file of the certificate."""

    client_key_password_file: Path | None = None
    """File whose first line is the password of the key; None for a key without one."""

    proxy: str | None = None
    """URL of an HTTP proxy, ``http://host:port``; None for none. The environment never chooses one."""

    proxy_credentials_file: Path | None = None
    """File whose first line is ``user:password`` for the proxy; None for none."""

    fault_codes: Mapping[str, str | None] = field(default_factory=dict)
    """Fault code to the name of an error class in ``companynet.errors``, added to ``DEFAULT_FAULT_CODES`` or in place
    of its entry; None takes an entry of it away, so that the code proves nothing. List a code only if after it the
    bank has surely done nothing; ``Refused`` is the class of those that mean no more than that.  L-005"""

    final_status_keys: tuple[str, ...] = DEFAULT_FINAL_KEYS
    """Status keys after which an order does not change any more; all of them, those of the next field among them.
    A key that is not here is open: it is shown as it is and asked for again.  L-002"""

    executed_status_keys: tuple[str, ...] = DEFAULT_EXECUTED_KEYS
    """Those that say the money left; after the other final ones it did not.  L-003"""

    def __post_init__(self) -> None:
        positive = (
            "poll_longest poll_limit poll_deadline parallel_limit connect_timeout read_timeout call_timeout"
            " answer_limit report_limit"
        )
        for name in positive.split():
            if getattr(self, name) <= 0:
                raise ProfileError(f"{name} is {getattr(self, name)}: it must be more than 0")
        if self.poll_interval < 0:
            raise ProfileError(f"poll_interval is {self.poll_interval}: it must not be less than 0")
        if self.poll_factor < 1:
            raise ProfileError(f"poll_factor is {self.poll_factor}: pauses must not become shorter")
        if self.absence_by_client_id and not self.status_by_client_id:
            raise ProfileError("absence_by_client_id needs status_by_client_id: who cannot find cannot miss")
        self._check_proxy()
        open_keys = sorted(set(self.executed_status_keys) - set(self.final_status_keys))
        if open_keys:
            raise ProfileError(f"executed_status_keys names {', '.join(open_keys)}, which final_status_keys has not")
        if self.report_content not in {"auto", "text", "base64"}:
            raise ProfileError(f"report_content is {self.report_content!r}: it must be auto, text or base64")

        absent = sorted(code for code, name in self.fault_codes.items() if name is None)
        absent = [code for code in absent if code not in DEFAULT_FAULT_CODES]
        if absent:
            raise ProfileError(f"fault_codes takes away what is not there: {', '.join(absent)}")

    @property
    def all_fault_codes(self) -> Mapping[str, str]:
        """The default table with what ``fault_codes`` changes in it."""
        codes = {**DEFAULT_FAULT_CODES, **self.fault_codes}
        return {code: name for code, name in codes.items() if name is not None}

    def _check_proxy(self) -> None:
        if self.proxy is None:
            return
        parts = urlsplit(self.proxy)
        if "@" in parts.netloc:
            # Not quoted: a password stands in it.
            raise ProfileError("proxy holds credentials; put them into proxy_credentials_file")
        if parts.scheme != "http" or not parts.hostname:
            raise ProfileError(f"proxy is {self.proxy!r}: it must be such as http://proxy.example:3128")

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> "BankProfile":
        """Make a profile from plain values, as a JSON file has them.

        Raises:
            ProfileError: a name is unknown, a value is of the wrong kind, or ``endpoint`` is missing or no URL.
        """
        unknown = sorted(set(values) - {item.name for item in fields(cls)})
        if unknown:
            raise ProfileError(f"the bank profile has unknown settings: {', '.join(unknown)}")
        if not values.get("endpoint"):
            raise ProfileError("the bank profile has no endpoint")
        prepared = {item.name: _typed(item, values[item.name]) for item in fields(cls) if item.name in values}
        _check_endpoint(str(prepared["endpoint"]))
        return cls(**prepared)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> "BankProfile":
        """Read a profile from a JSON file.

        Raises:
            ProfileError: the file cannot be read, or a setting is wrong; the text names the file. Paths in it are
                taken from the folder of the file.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ProfileError(f"{path}: {error.strerror}") from error
        except ValueError as error:
            raise ProfileError(f"{path}: {error}") from error
        if not isinstance(values, dict):
            raise ProfileError(f"{path}: a bank profile is a JSON object")
        try:
            profile = cls.from_mapping(values)
        except ProfileError as error:
            raise ProfileError(f"{path}: {error}") from None
        files = {item.name: getattr(profile, item.name) for item in fields(cls) if item.type == Path | None}
        return replace(profile, **{name: path.parent / value for name, value in files.items() if value is not None})


def _check_endpoint(endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        wrong = parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
    if wrong:
        raise ProfileError(f"endpoint is {endpoint!r}: it must be such as https://bank.example/ws/services/…")
    if "@" in parts.netloc:
        # Not quoted: a password stands in it.
        raise ProfileError("endpoint holds credentials; the bank takes none there")


def _typed(item: "Field[object]", value: object) -> object:
    """A plain value as the setting has it."""
    kind = item.type
    if kind in (Path | None, str | None):
        if value is None:
            return None
        if not isinstance(value, str) or not value:
            raise ProfileError(f"{item.name} is not text: {value!r}")
        return Path(value) if kind == Path | None else value
    if item.name in _OBJECTS:
        allowed = (str, NoneType) if item.name == "fault_codes" else str
        if not isinstance(value, Mapping) or not all(isinstance(text, allowed) for text in value.values()):
            words = "texts or nulls" if item.name == "fault_codes" else "texts"
            raise ProfileError(f"{item.name} is not an object of {words}: {value!r}")
        return dict(value)
    if kind == tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(key, str) and key.strip() for key in value):
            raise ProfileError(f"{item.name} is not a list of texts: {value!r}")
        return tuple(value)
    wanted = (int, float) if kind is float else (kind,)
    if type(value) not in wanted:
        raise ProfileError(f"{item.name} is not {_WORDS[kind]}: {value!r}")  # type: ignore[index]
    return value
