"""One identity out of what a PKCS#11 module shows, named by who configures a program without a window."""

from datetime import datetime

from companynet.errors import DriverError, TokenAbsent
from companynet.signing.identity import Identity, KeyPlace, Listing
from companynet.signing.tokens import list_identities
from companynet.signing_reasons import ReasonCode


def find_identity(
    module: str, now: datetime, *, token: str | None = None, slot: int | None = None, key_id: str | None = None
) -> Identity:
    """The one certificate with its key that fits all that is named; no PIN is asked for.

    A certificate that cannot sign for the bank is left out while another one fits.

    Args:
        module: path of the PKCS#11 module; its code is run.
        now: the time for which certificates are judged.
        token: label of the token; None for any.
        slot: number of its slot; None for any.
        key_id: CKA_ID of key and certificate, hexadecimal; None for any.

    Raises:
        TokenAbsent: there is no such token.
        DriverError: the module cannot be read, no certificate fits, or several do; the text then lists them.
    """
    listing = list_identities([module], now)
    fitting = [
        item
        for item in listing.identities
        if isinstance(item.place, KeyPlace)
        and token in (None, item.place.token.label)
        and slot in (None, item.place.token.slot)
        and (key_id is None or item.place.key_id == key_id.lower())
    ]
    usable = [item for item in fitting if item.unusable is None]
    chosen = usable or fitting
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise _nothing(module, listing, token, slot)
    shown = "; ".join(_shown(item) for item in chosen)
    raise DriverError(
        f"{module}: {len(chosen)} certificates fit, name one by token and key id: {shown}",
        reason_code=ReasonCode.KEYS_SEVERAL,
        place=module,
        count=len(chosen),
    )


def _nothing(module: str, listing: Listing, token: str | None, slot: int | None) -> DriverError | TokenAbsent:
    """Why no certificate fits."""
    if not listing.tokens and listing.problems:
        # Nothing could be read at all.
        error = listing.problems[0].error
        if isinstance(error, DriverError | TokenAbsent):
            return error
    labels = [
        info.place.label
        for info in listing.tokens
        if token in (None, info.place.label) and slot in (None, info.place.slot)
    ]
    place = token or module
    if not labels:
        there = ", ".join(info.place.label for info in listing.tokens) or "none"
        return TokenAbsent(
            f"{place}: there is no such token (there are: {there})", reason_code=ReasonCode.TOKEN_ABSENT, place=place
        )
    return DriverError(
        f"{place}: no certificate that fits is to be seen there without a PIN",
        reason_code=ReasonCode.KEY_ABSENT,
        place=place,
    )


def _shown(identity: Identity) -> str:
    place = identity.place
    if not isinstance(place, KeyPlace):
        return identity.certificate.common_name
    return (
        f"{identity.certificate.common_name} (token {place.token.label}, slot {place.token.slot}, "
        f"key id {place.key_id or 'none'})"
    )
