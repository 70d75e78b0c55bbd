"""The codes that select an order's type in order files: the bank has not published them, so they are data."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from companynet.domain.order import OrderKind
from companynet.errors import ProfileError


@dataclass(frozen=True, slots=True)
class KindCodes:
    """The codes of a ``PmtInf`` that tell the bank an order's kind. None leaves the element out.

    A value of up to four characters goes into ``Cd``, a longer one into ``Prtry``.
    """

    priority: str | None = None
    """``InstrPrty``: NORM or HIGH."""

    service_level: str | None = None
    """``SvcLvl``."""

    local_instrument: str | None = None
    """``LclInstrm``."""

    category_purpose: str | None = None
    """``CtgyPurp``."""

    charge_bearer: str | None = None
    """``ChrgBr``: SLEV, SHAR, DEBT or CRED."""


@dataclass(frozen=True, slots=True)
class OrderCodes:
    """What the bank wants in order files; a customer's profile may set it otherwise."""

    debtor_bic: str = "BREXPLPWXXX"
    """The bank's own BIC, for debtors that carry none.  # L-106"""

    domestic: KindCodes = field(default_factory=KindCodes)
    """Of a transfer in PLN.  # L-107"""

    sepa: KindCodes = field(default_factory=lambda: KindCodes(service_level="SEPA", charge_bearer="SLEV"))
    """Of a SEPA transfer.  # L-107"""

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> "OrderCodes":
        """Make codes from plain values, as a JSON file has them; what is absent keeps its default.

        Raises:
            ProfileError: a name is not known, or a value is not text.
        """
        _refuse_unknown(values, {item.name for item in fields(cls)}, "the order codes")
        defaults = cls()
        bic = values.get("debtor_bic", defaults.debtor_bic)
        if not isinstance(bic, str):
            raise ProfileError(f"the order codes' debtor_bic is not text: {bic!r}")
        return cls(
            debtor_bic=bic,
            domestic=_kind_codes(values.get("domestic"), defaults.domestic, "domestic"),
            sepa=_kind_codes(values.get("sepa"), defaults.sepa, "sepa"),
        )

    def of(self, kind: OrderKind) -> KindCodes:
        """The codes of one kind."""
        return {OrderKind.DOMESTIC: self.domestic, OrderKind.SEPA: self.sepa}[kind]


def _kind_codes(values: object, default: KindCodes, name: str) -> KindCodes:
    if values is None:
        return default
    if not isinstance(values, Mapping):
        raise ProfileError(f"the order codes of {name} are not an object: {values!r}")
    known = {item.name for item in fields(KindCodes)}
    _refuse_unknown(values, known, f"the order codes of {name}")
    chosen = {key: values.get(key, getattr(default, key)) for key in known}
    for key, value in chosen.items():
        if value is not None and not isinstance(value, str):
            raise ProfileError(f"the order codes' {name}.{key} is not text: {value!r}")
    return KindCodes(**chosen)


def _refuse_unknown(values: Mapping[str, object], known: set[str], name: str) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        raise ProfileError(f"{name} have unknown names: {', '.join(unknown)}")
