"""The rooms of modules/mbank, the ground first: who may know whom is this table, and nothing else.

``.importlinter`` holds the same table for imports; this one is for what Tryton couples by names.
"""

#: Floors from the ground up. The rooms of one floor do not know each other; "" is the module's own folder.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({""}),
    frozenset({"keyring"}),
    frozenset({"audit"}),
    frozenset({"gateway"}),
    frozenset({"sessions"}),
    frozenset({"signing", "keys", "statements", "payments", "sharing"}),
    frozenset({"dialog"}),
)


def floor_of(room: str) -> int:
    """The number of the floor the room is on; StopIteration if the table has it not."""
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def may_know(room: str, other: str) -> bool:
    """Whether the room may name what is the other's."""
    return room == other or floor_of(other) < floor_of(room)
