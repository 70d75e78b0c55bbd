"""Every sentence the signer says, in Polish and in English."""

from collections.abc import Mapping
from typing import Final

from companynet_signer.texts import dialogs, keys, protocol, reasons, shown

#: By key: Polish, English. Names in braces are filled in.
TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    **protocol.TEXTS,
    **keys.TEXTS,
    **reasons.TEXTS,
    **shown.TEXTS,
    **dialogs.TEXTS,
}
