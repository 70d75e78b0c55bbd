"""A file of orders, ready to be handed in."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class OrderFile:
    """A file of orders to hand in. Keep it: a second try must be the same, byte for byte."""

    client_order_group_id: str
    """Our id of the batch, used once ever."""

    file_name: str
    """Its name at the bank."""

    data: bytes
    """The file, UTF-8."""

    modified_at: datetime
    """When the file was made; aware."""

    format: str | None = None
    """The bank's name of the format; None for that of the profile.  L-009"""

    def __post_init__(self) -> None:
        if self.modified_at.tzinfo is None:
            raise ValueError("the time an order file was made needs a time zone")
