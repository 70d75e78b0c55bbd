"""The journals beside an order file: what was begun is written before anything is sent.

``FILE.journal-1.json`` is of the first sending, ``FILE.journal-2.json`` of a second one, which begins only when the
first is known not to be with the bank.
"""

from pathlib import Path

from companynet.cli.files import json_bytes, read_json, write_new, write_whole
from companynet.domain.order_intent import OrderIntent
from companynet.domain.order_state import DEFAULT_KEYS, StatusKeys


class Journal:
    """The newest journal of one order file.

    Args:
        orders: the order file.
        keys: what the bank's status keys mean.
    """

    def __init__(self, orders: Path, keys: StatusKeys = DEFAULT_KEYS) -> None:
        self._orders = orders
        self._keys = keys
        self._number = 0
        while self._path(self._number + 1).exists():
            self._number += 1

    def _path(self, number: int) -> Path:
        return self._orders.with_name(f"{self._orders.name}.journal-{number}.json")

    @property
    def path(self) -> Path:
        """Of the newest, or of the one there would be."""
        return self._path(max(self._number, 1))

    def read(self) -> OrderIntent | None:
        """What was begun with this file; None if nothing was.

        Raises:
            OSError: it is there and cannot be read.
            FormatError: it is no journal.
        """
        if not self._number:
            return None
        return OrderIntent.from_json(read_json(self.path), str(self.path), self._keys)

    def begin(self, intent: OrderIntent) -> None:
        """Write the intent, before the file is sent. Of two programs that begin at once one succeeds.

        Raises:
            FileExistsError: another program has just begun.
            OSError: it cannot be written.
        """
        write_new(self._path(self._number + 1), json_bytes(intent.to_json()))
        self._number += 1

    def keep(self, intent: OrderIntent) -> None:
        """Write what has become known.

        Raises:
            OSError: it cannot be written.
        """
        write_whole(self.path, json_bytes(intent.to_json()))
