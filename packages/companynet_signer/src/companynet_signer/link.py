"""The link that starts the signer: ``mbanksign://sign?v=1&server=…&database=…&code=…``, read strictly."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from companynet.domain.session import Secret
from companynet_signer.errors import LinkRefused
from companynet_signer.origin import Origin

SCHEME: Final = "mbanksign"
#: Of the protocol, in the link and in every message.
VERSION: Final = 1

_LONGEST: Final = 2048
_HEAD: Final = re.compile(rf"{SCHEME}://sign/?\?([\x21-\x7e]+)")
_PARAMETERS: Final = frozenset({"v", "server", "database", "code"})
#: 256 bits in base64url without padding; the last letter carries four of them.
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_DATABASE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")


@dataclass(frozen=True)
class Link:
    """What a link says."""

    server: Origin
    """Where the job is."""

    database: str
    """Of the ERP."""

    code: Secret
    """Serves once."""

    @classmethod
    def parse(cls, text: str) -> "Link":
        """Read a link.

        Raises:
            LinkRefused: it is not right to the letter; the text never shows the code.
        """
        found = _HEAD.fullmatch(text) if len(text) <= _LONGEST else None
        if not found:
            raise LinkRefused("link_wrong")
        pairs: list[tuple[str, str]] | None = None
        try:
            pairs = parse_qsl(found.group(1), keep_blank_values=True, strict_parsing=True, errors="strict")
        except ValueError:
            pairs = None
        if pairs is None:
            raise LinkRefused("link_wrong")
        values = dict(pairs)
        if values.get("v", "") != str(VERSION) and len(values) == len(pairs):
            raise LinkRefused("link_version")
        if len(values) != len(pairs) or values.keys() != _PARAMETERS:
            raise LinkRefused("link_parameters")
        if not _CODE.fullmatch(values["code"]):
            raise LinkRefused("link_code")
        if not _DATABASE.fullmatch(values["database"]):
            raise LinkRefused("link_database")
        return cls(Origin.parse(values["server"]), values["database"], Secret(values["code"]))
