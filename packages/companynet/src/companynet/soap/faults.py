"""SOAP faults of the bank, and the error each of them means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from companynet import errors
from companynet.errors import BankError, ProfileError
from companynet.soap.envelope import SOAP_ENVELOPE

#: Fault codes of SOAP that say the server failed, not that it declined.  # S-151
_SERVER_FAULTS: Final = ("Server", "Receiver")

#: What the library finds out by itself; no code of the bank means it.
_OURS: Final = (
    errors.PollingExpired,
    errors.Cancelled,
    errors.NotRecorded,
    errors.BankUnreachable,
    errors.BankTimeout,
    errors.AnswerLost,
    errors.BankBusy,
)


@dataclass(frozen=True)
class BankFault:
    """A SOAP fault, as it came."""

    code: str
    """The bank's own code, or the faultcode without its prefix."""

    text: str
    """The bank's sentence."""

    faultcode: str = ""
    """SOAP's own, without its prefix."""

    @property
    def server_failed(self) -> bool:
        """Whether the fault blames the server, not the call."""
        return self.faultcode.split(".", 1)[0] in _SERVER_FAULTS


def read_fault(element: etree._Element) -> BankFault | None:
    """The fault an element of the body is, or None if it is an answer.

    The bank's code and message are looked for in the detail whatever their namespace; without them faultcode and
    faultstring stand in.  # L-150
    """
    if element.tag != f"{{{SOAP_ENVELOPE}}}Fault":
        return None
    code = message = ""
    detail = element.find("detail")
    if detail is not None:
        for node in detail.iter():
            name = etree.QName(node).localname
            if name == "code" and not code:
                code = (node.text or "").strip()
            elif name == "message" and not message:
                message = (node.text or "").strip()
    faultcode = (element.findtext("faultcode") or "").strip().rpartition(":")[2]
    faultstring = (element.findtext("faultstring") or "").strip()
    return BankFault(code=code or faultcode, text=message or faultstring, faultcode=faultcode)


def error_classes(fault_codes: Mapping[str, str]) -> dict[str, type[BankError]]:
    """The error class of each fault code.

    Raises:
        ProfileError: the profile names a class that is not a bank error.
    """
    classes: dict[str, type[BankError]] = {}
    for code, name in fault_codes.items():
        found = getattr(errors, name, None)
        if not (isinstance(found, type) and issubclass(found, BankError)) or issubclass(found, _OURS):
            raise ProfileError(f"fault code {code}: {name} is not an error of the bank")
        classes[code] = found
    return classes


def error_of_fault(
    fault: BankFault, classes: Mapping[str, type[BankError]], *, operation: str, reference: str
) -> BankError:
    """The error a fault means.

    Only a code that the profile lists gives its class, and with it a refusal. Any other, or none, leaves it unknown
    whether the bank acted: :class:`~companynet.errors.AnswerInvalid` where the fault blames the server, else
    :class:`~companynet.errors.UnlistedFault`.  # L-151
    """
    found = classes.get(fault.code)
    words = "refused"
    if found is None:
        found = errors.AnswerInvalid if fault.server_failed else errors.UnlistedFault
        words = "failed in" if fault.server_failed else "answered with a fault that is not on the profile's list to"
    return found(
        f"the bank {words} {operation}: {fault.code or 'no code'}: {fault.text or 'no text'}",
        operation=operation,
        reference=reference,
        code=fault.code or None,
        bank_text=fault.text or None,
    )
