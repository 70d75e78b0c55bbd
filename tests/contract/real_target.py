"""A real bank as a target, from the environment. ``docs/guide/contract-suite.md`` says how it is run."""

import datetime as dt
import getpass
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from companynet.domain.account import Nrb
from companynet.domain.kind import ERP_OPERATIONS
from companynet.domain.order import Party
from companynet.domain.session import PermissionConfig, Secret
from companynet.profile import BankProfile
from companynet.signing import KeyPlace, Pkcs12Signer, Signer, check_usable, find_identity, pin_state
from tests.contract.target import Ability, Target
from tests.contract.token_signer import TokenSigner

_NEEDED: Final = ("PROFILE", "DIK", "USER")
#: Where the key is: the first is a file, the second a PKCS#11 module with what names a key there.
_KEY: Final = ("P12", "PKCS11")
_ON_TOKEN: Final = ("PKCS11_TOKEN", "PKCS11_SLOT", "PKCS11_KEY")
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
        more = {"PIN_FILE", "ORDERS", "CONFIRM", "DAYS", "PASSWORD_FILE"}
        unknown = sorted(set(settings) - {*_NEEDED, *_KEY, *_ON_TOKEN, *_ORDERS, *more})
        if not any(settings.get(name) for name in _KEY):
            missing.append(" or ".join(f"{_PREFIX}{name}" for name in _KEY))
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
        self.signer = _signer(settings)
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


def _signer(settings: Mapping[str, str]) -> Signer:
    """Who signs. The PIN comes from a file or from the terminal; it stands in no setting."""
    on_token = [f"{_PREFIX}{name}" for name in _ON_TOKEN if settings.get(name)]
    if settings.get("P12"):
        if settings.get("PKCS11") or on_token:
            raise SettingsWrong(f"{_PREFIX}P12 is a file: it goes with no setting of a token")
        return Pkcs12Signer.load(Path(settings["P12"]).read_bytes(), _pin(settings, settings["P12"]))
    slot = settings.get("PKCS11_SLOT") or None
    if slot is not None and not slot.isdecimal():
        raise SettingsWrong(f"{_PREFIX}PKCS11_SLOT is no number")
    now = dt.datetime.now(dt.UTC)
    identity = find_identity(
        settings["PKCS11"],
        now,
        token=settings.get("PKCS11_TOKEN") or None,
        slot=None if slot is None else int(slot),
        key_id=settings.get("PKCS11_KEY") or None,
    )
    check_usable(identity.certificate, now)
    place = identity.place
    assert isinstance(place, KeyPlace)
    state = pin_state(place.token)
    asked = state.needed and not state.pad
    return TokenSigner(identity, _pin(settings, place.token.label) if asked else None)


def _pin(settings: Mapping[str, str], of: str) -> Secret:
    if settings.get("PIN_FILE"):
        return _first_line(settings["PIN_FILE"])
    try:
        # pytest has the standard streams; getpass takes the terminal itself, if there is one.
        Path("/dev/tty").open("rb").close()
    except OSError:
        raise SettingsWrong(f"missing: {_PREFIX}PIN_FILE, and there is no terminal to ask for the PIN on") from None
    return Secret(getpass.getpass(f"PIN of {of}: "))


def _lines(path: str) -> list[str]:
    return [line for line in Path(path).read_text(encoding="utf-8").splitlines() if line]


def _first_line(path: str) -> Secret:
    lines = _lines(path)
    if not lines:
        raise SettingsWrong(f"{path}: its first line is empty")
    return Secret(lines[0])
