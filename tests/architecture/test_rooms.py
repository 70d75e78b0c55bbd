"""Pool names, XML references, messages and views cross the rooms of modules/mbank downwards only.

import-linter holds the imports to the same table; what Tryton couples by names it cannot see.
"""

import ast
import configparser
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.rooms import FLOORS, floor_of, may_know

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "modules" / "mbank"
NAME = re.compile(r"^mbank(?:\.[a-z_]+)+$")
MESSAGE = re.compile(r"^(?:mbank\.)?(msg_[a-z0-9_]+)$")


class House:
    """What the rooms of a copy of the module define, and what they name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rooms = ["", *self.config("")["tryton"]["include_dirs"].split()]
        #: Pool name, or id of a record, to the room that has it; of several the lowest.
        self.models: dict[str, str] = {}
        self.records: dict[str, str] = {}
        self.views: dict[str, str] = {}
        for room in sorted(self.rooms, key=lambda r: (floor_of(r), r)):
            for name, _ in self._pool_classes(room):
                self.models.setdefault(name, room)
            for element in self._elements(room):
                if element.tag in {"record", "menuitem"}:
                    self.records.setdefault(element.get("id", ""), room)
                if element.get("model") == "ir.ui.view":
                    self.views[_field(element, "name")] = room

    def config(self, room: str) -> configparser.ConfigParser:
        config = configparser.ConfigParser()
        config.read(self.folder / room / "tryton.cfg")
        return config

    def sources(self, room: str) -> list[Path]:
        return sorted((self.folder / room).glob("*.py"))

    def _pool_classes(self, room: str) -> Iterator[tuple[str, str]]:
        for path in self.sources(room):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    for line in node.body:
                        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "__name__":
                            yield ast.literal_eval(line.value), f"{path.stem}.{node.name}"

    def _elements(self, room: str) -> Iterator[ET.Element]:
        for name in self.config(room)["tryton"].get("xml", "").split():
            yield from ET.parse(self.folder / room / name).iter()  # noqa: S314 - our own files

    def faults(self) -> list[str]:
        """Each name that crosses a room upwards or sideways, with where it is written."""
        return sorted({*self._faults_of_code(), *self._faults_of_xml(), *self._faults_of_views()})

    def _faults_of_code(self) -> Iterator[str]:
        for room in self.rooms:
            for path in self.sources(room):
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        for owner in self._named(node.value):
                            if not may_know(room, owner):
                                yield f"{room or 'ground'}/{path.name} names {node.value} of {owner}"

    def _named(self, text: str) -> Iterator[str]:
        message = MESSAGE.match(text)
        if message:
            yield self.records[message[1]]
        elif text.startswith("mbank.") and text[6:] in self.records:
            yield self.records[text[6:]]
        elif NAME.match(text.split("|", maxsplit=1)[0]) and text.split("|", maxsplit=1)[0] in self.models:
            yield self.models[text.split("|", maxsplit=1)[0]]

    def _faults_of_xml(self) -> Iterator[str]:
        for room in self.rooms:
            for element in self._elements(room):
                names = [element.get(key, "") for key in ("ref", "action", "parent")]
                names += [name.removeprefix("mbank.") for name in names]
                owners = {self.records[name] for name in names if name in self.records}
                text = (element.text or "").strip().split(",")[0].split("|")[0]
                if element.tag == "field" and text in self.models:
                    owners.add(self.models[text])
                for owner in owners:
                    if not may_know(room, owner):
                        yield f"{room or 'ground'}: XML names {ET.tostring(element).decode().strip()} of {owner}"

    def _faults_of_views(self) -> Iterator[str]:
        for name, room in self.views.items():
            if room and not name.startswith(f"{room}/"):
                yield f"the view {name} is not in view/{room}"
            if not room and "/" in name:
                yield f"the view {name} of the ground is in a room"


def _field(record: ET.Element, name: str) -> str:
    return next((f.text or "" for f in record.iter("field") if f.get("name") == name), "")


def test_every_room_is_in_the_table_and_the_table_has_no_other() -> None:
    """A folder with a tryton.cfg that the table forgets is a room without walls."""
    folders = {path.parent.name for path in MODULE.glob("*/tryton.cfg")}
    assert folders | {""} == frozenset().union(*FLOORS) == set(House(MODULE).rooms)


def test_import_linter_has_the_same_table() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    layers = config["importlinter:contract:rooms"]["layers"].strip().splitlines()
    floors = [frozenset(re.split(r" [|:] ", layer)) for layer in reversed(layers)]
    assert floors[1:] == list(FLOORS[1:])


def test_the_rooms_are_loaded_from_the_ground_up() -> None:
    """Tryton reads them in the order of include_dirs: what a room extends is there before it."""
    floors = [floor_of(room) for room in House(MODULE).rooms]
    assert floors == sorted(floors)


def test_names_cross_rooms_downwards_only() -> None:
    assert House(MODULE).faults() == []


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("statements/statement_days.py", None, "\nBATCH = 'mbank.order.batch'\n", "mbank.order.batch of payments"),
        ("audit/call.py", None, "\nOF = 'mbank.session'\n", "mbank.session of sessions"),
        ("sessions/session.py", None, "\nTEXT = 'mbank.msg_batch_sent'\n", "msg_batch_sent of payments"),
        ("sharing/share.py", None, "\nWIZARD = 'mbank.wizard_session_create'\n", "wizard_session_create of dialog"),
        ("clock.py", None, "\nJOB = 'mbank.call|clean'\n", "mbank.call|clean of audit"),
        (
            "payments/payment.xml",
            "</data>",
            '<menuitem parent="menu_mbank" action="act_share_form" id="menu_planted"/></data>',
            "act_share_form",
        ),
        (
            "keys/server_key.xml",
            "</data>",
            '<record model="ir.rule.group" id="planted"><field name="model">mbank.report</field></record></data>',
            "mbank.report</field> of statements",
        ),
        (
            "payments/payment_approval.xml",
            ">payments/payment_list<",
            ">statements/payment_list<",
            "is not in view/payments",
        ),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, file: str, before: str | None, after: str, said: str) -> None:
    """The test above can fail, for each way in which names couple."""
    house = tmp_path / "mbank"
    shutil.copytree(MODULE, house, ignore=shutil.ignore_patterns("tests", "view", "locale", "__pycache__"))
    path = house / file
    text = path.read_text()
    assert before is None or before in text
    path.write_text(text + after if before is None else text.replace(before, after, 1))
    faults = House(house).faults()
    assert len(faults) == 1
    assert said in faults[0]


#: Models made of several classes whose methods are called one way too: a class uses what stands at or below it.
STACKED = ("mbank.session",)
#: What a record or the class of such a model is called where it is used.
RECEIVERS = re.compile(r"^(?:self|cls|session|Session|new|old|other|record|s)$")


def stack_of(house: House, model: str) -> list[tuple[str, ast.ClassDef]]:
    """The classes of a model in the order Tryton puts them on each other: place and source."""
    stack = []
    for room in house.rooms:
        for place in house.config(room).get("register", "model", fallback="").split():
            file, name = place.split(".")
            body = ast.parse((house.folder / room / f"{file}.py").read_text()).body
            [node] = [node for node in body if isinstance(node, ast.ClassDef) and node.name == name]
            if f"__name__ = '{model}'" in ast.unparse(node):
                stack.append((f"{room}.{place}", node))
    return stack


def defined_by(node: ast.ClassDef) -> set[str]:
    """The names of methods, properties and fields of the class."""
    names = {line.name for line in node.body if isinstance(line, ast.FunctionDef)}
    return names | {
        target.id
        for line in node.body
        if isinstance(line, ast.Assign)
        for target in line.targets
        if isinstance(target, ast.Name)
    }


def calls_upwards(house: House, model: str) -> list[str]:
    """Uses of what only a class further up the stack defines, by a class that does not see it."""
    stack = stack_of(house, model)
    lowest: dict[str, int] = {}
    for floor, (_, node) in enumerate(stack):
        for name in defined_by(node):
            lowest.setdefault(name, floor)
    return [
        f"{place} uses {use.attr} of {stack[lowest[use.attr]][0]}"
        for floor, (place, node) in enumerate(stack)
        for use in ast.walk(node)
        if isinstance(use, ast.Attribute) and isinstance(use.value, ast.Name) and RECEIVERS.match(use.value.id)
        if lowest.get(use.attr, -1) > floor
    ]


@pytest.mark.parametrize("model", STACKED)
def test_classes_of_a_model_use_what_is_below_them(model: str) -> None:
    """Tryton makes one model of many classes; read one by one they know only those registered before."""
    house = House(MODULE)
    assert len(stack_of(house, model)) > 5
    assert calls_upwards(house, model) == []


def test_a_planted_call_upwards_is_found(tmp_path: Path) -> None:
    house = tmp_path / "mbank"
    shutil.copytree(MODULE, house, ignore=shutil.ignore_patterns("tests", "view", "locale", "__pycache__"))
    path = house / "sessions" / "session.py"
    path.write_text(
        path.read_text().replace(
            "    def covers(", "    def planted(self):\n        self._warn()\n\n    def covers(", 1
        )
    )
    assert calls_upwards(House(house), "mbank.session") == [
        "sessions.session.Session uses _warn of sessions.session_life.Session"
    ]
