"""A real bank as a target, from the environment. ``docs/guide/contract-suite.md`` says how it is run."""

import datetime as dt
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from companynet.domain.account import Nrb
from companynet.domain.order import Party
from companynet.domain.session import ERP_OPERATIONS, PermissionConfig, Secret
from companynet.profile import BankProfile
from companynet.signing import Pkcs12Signer
from tests.contract.target import Ability, Target

_NEEDED: Final = ("PROFILE", "DIK", "USER", "P12", "PIN_FILE")
_ORDERS: Final = ("ORDER_FROM", "ORDER_TO", "ORDER_TO_NAME", "ORDER_LIMIT")
_PREFIX: Final = "COMPANYNET_CONTRACT_"
#: Operations of a session that only reads.
_READING: Final = frozenset({"getMT940Ex", "checkGetMT940Result", "getStatus"})
_YES: Final = "yes"


class SettingsWrong(Exception):
    """The environment asks for a real bank and does not say enough, or not rightly."""


def settings_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings of the suite, without their prefix; empty if there are none."""
    return {name.removeprefix(_PREFIX): value for name, value in environment.items() if name.startswith(_PREFIX)}


class RealTarget(Target):
    """The bank that the settings name. It reads, and no more, unless the settings say so.

    Args:
        settings: as :func:`settings_of` has them.

    Raises:
        SettingsWrong: one is missing, unknown or wrong; it is named.
    """

    name = "real-bank"
    session_life = dt.timedelta(hours=4)

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__()
        missing = [f"{_PREFIX}{name}" for name in _NEEDED if not settings.get(name)]
        unknown = sorted(set(settings) - {*_NEEDED, *_ORDERS, "ORDERS", "CONFIRM", "DAYS", "PASSWORD_FILE"})
        if missing or unknown:
            raise SettingsWrong(
                "; ".join(
                    f"{words}: {', '.join(names)}"
                    for words, names in (("missing", missing), ("unknown", [_PREFIX + name for name in unknown]))
                    if names
                )
            )
        self.profile = BankProfile.load(Path(settings["PROFILE"]))
        self.diks = tuple(dik.strip() for dik in settings["DIK"].split(","))
        self.user = settings["USER"]
        self.signer = Pkcs12Signer.load(Path(settings["P12"]).read_bytes(), _first_line(settings["PIN_FILE"]))
        last = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
        self.period = last - dt.timedelta(days=int(settings.get("DAYS", "7")) - 1), last
        self._passwords = _lines(settings["PASSWORD_FILE"]) if settings.get("PASSWORD_FILE") else []
        self.order_limit = Decimal(0)
        self.abilities = self._abilities(settings)

    def _abilities(self, settings: Mapping[str, str]) -> Collection[Ability]:
        found = set()
        if len(self.diks) > 1:
            found.add(Ability.SEVERAL_DIKS)
        if self._passwords:
            found.add(Ability.PASSWORD)
        if settings.get("CONFIRM") == _YES:
            found.add(Ability.CONFIRM)
        if settings.get("ORDERS") == _YES:
            found.add(Ability.ORDERS)
            missing = [f"{_PREFIX}{name}" for name in _ORDERS if not settings.get(name)]
            if missing:
                raise SettingsWrong(f"missing for orders: {', '.join(missing)}")
            self._payer = Party("Test", (), Nrb(settings["ORDER_FROM"]).digits)
            self._payee = Party(settings["ORDER_TO_NAME"], (), Nrb(settings["ORDER_TO"]).digits)
            try:
                self.order_limit = Decimal(settings["ORDER_LIMIT"])
            except InvalidOperation:
                raise SettingsWrong(f"{_PREFIX}ORDER_LIMIT is no amount") from None
        return frozenset(found)

    def asking(self, *diks: str, operations: Collection[str] = ERP_OPERATIONS) -> PermissionConfig:
        """A session that may do no more than the suite was allowed to."""
        allowed = set(_READING)
        if Ability.CONFIRM in self.abilities:
            allowed.add("confirmResponseReceived")
        if Ability.ORDERS in self.abilities:
            allowed |= {"universalPaymentSend", "checkPaymentSendResult"}
        return super().asking(*diks, operations=allowed.intersection(operations))

    def password(self) -> Secret:
        return Secret(self._passwords.pop(0))

    def parties(self) -> tuple[Party, Party]:
        return self._payer, self._payee


def _lines(path: str) -> list[str]:
    return [line for line in Path(path).read_text(encoding="utf-8").splitlines() if line]


def _first_line(path: str) -> Secret:
    lines = _lines(path)
    if not lines:
        raise SettingsWrong(f"{path}: its first line is empty")
    return Secret(lines[0])
