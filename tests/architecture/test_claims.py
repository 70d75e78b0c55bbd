"""Claims about the bank that carry no marker are found: its words, its numbers, and what can be set about it.

The words come from the contract and from the tables of code, so that a new operation, label or status key is looked
for as soon as it is there.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

from companynet.contract import schema_path, wsdl_path
from companynet.domain.order_state import KNOWN_KEYS
from companynet.formats import information
from companynet.formats.order_codes import OrderCodes
from companynet.profile import DEFAULT_FAULT_CODES, PRESET_ENDPOINTS, BankProfile
from companynet_sandbox.accounts import codes
from companynet_sandbox.bank import kinds, order_states
from companynet_sandbox.books import file

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    path
    for part in ("packages/companynet/src", "packages/companynet_sandbox/src", "modules/mbank")
    for path in sorted((ROOT / part).rglob("*.py"))
    if "tests" not in path.parts
]
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"


@cache
def operations() -> frozenset[str]:
    """Of the contract; ``login`` and ``logout`` are everyday words."""
    names = {node.get("name") or "" for node in etree.parse(str(wsdl_path())).iter(f"{WSDL}operation")}
    return frozenset(name for name in names if re.search("[A-Z]", name))


@cache
def elements() -> frozenset[str]:
    """Names in the contract's messages that are no everyday words."""
    nodes = etree.parse(str(schema_path())).iter("{http://www.w3.org/2001/XMLSchema}*")
    names = {node.get("name") or "" for node in nodes}
    answers = {f"{name}Response" for name in operations()}
    return frozenset(name for name in names - operations() - answers if re.search("[a-z][A-Z]", name))


@dataclass(frozen=True)
class Words:
    """Words of the bank of one kind."""

    kind: str
    words: frozenset[str]
    claims: frozenset[str]
    """The lines of the ledger that speak of them; a module with such a word carries one of these."""

    least: int
    """So many there are at least, or they are not found any more."""

    attributes: bool = False
    """Whether they are looked for among names of attributes too: answers are read so."""


def claims(text: str) -> frozenset[str]:
    """The numbers of lines of the ledger."""
    return frozenset(f"L-{number}" for number in text.split())


# One of the entry codes is also the number of a field of MT940.
VOCABULARY = (
    Words("operations", operations(), claims("001 015 021 023 026"), 11),
    Words("elements", elements(), claims("016 018 020 021 022 023 026 027 028 030 150"), 30, attributes=True),
    Words("status keys", KNOWN_KEYS | frozenset(order_states.MEANING), claims("002 211 453"), 18),
    Words("fault codes", frozenset(DEFAULT_FAULT_CODES), claims("005"), 10),
    Words("labels of :86:", frozenset(information._LABELS), claims("111 220 242"), 25),
    Words("entry codes", frozenset(codes.CODES) - {"65"}, claims("209 223 240"), 25),
    Words("codes of order kinds", frozenset(kinds._INSTRUMENTS) | {"URGP", "SDVA", "SLEV"}, claims("107 221"), 5),
    Words("endpoints", frozenset(PRESET_ENDPOINTS.values()), claims("004"), 2),
    Words("namespace", frozenset({"http://model.ws.hp.com"}), claims("014"), 1),
    Words(
        "form of calls and orders",
        frozenset({BankProfile("x").interface_version, BankProfile("x").order_format, OrderCodes().debtor_bic}),
        claims("006 009 106 207"),
        3,
    ),
    Words("form of signatures", frozenset({BankProfile("x").challenge_encoding}), claims("007 206"), 1),
)

#: What the page of the control plane shows as examples is no claim; nor are numbers of Python's own or of the form.
EXAMPLES = tuple(f"companynet_sandbox/control/{name}.py" for name in ("api", "orders", "accounts"))


@cache
def words_of(source: str) -> frozenset[tuple[str, bool]]:
    """The texts of a module without its docstrings, and its names of attributes (marked so)."""
    nodes = list(ast.walk(ast.parse(source)))
    sentences = {node.value for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    texts = {
        (node.value, False)
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in sentences
    }
    return frozenset(texts | {(node.attr, True) for node in nodes if isinstance(node, ast.Attribute)})


def unmarked(source: str, vocabulary: Words) -> set[str]:
    """Words of the bank in a module that carries none of their claims."""
    found = {
        word
        for word, attribute in words_of(source)
        if word in vocabulary.words and (vocabulary.attributes or not attribute)
    }
    return set() if vocabulary.claims & set(re.findall(r"\bL-\d{3}\b", source)) else found


@pytest.mark.parametrize("vocabulary", VOCABULARY, ids=lambda item: item.kind)
def test_words_of_the_bank_carry_their_claim(vocabulary: Words) -> None:
    """A module that has a word of the bank names the line of the ledger it rests on."""
    assert len(vocabulary.words) >= vocabulary.least
    found = {
        str(path.relative_to(ROOT)): sorted(words)
        for path in SOURCES
        if not path.as_posix().endswith(EXAMPLES)
        and (words := unmarked(path.read_text(encoding="utf-8"), vocabulary))
    }
    assert not found


@pytest.mark.parametrize("vocabulary", VOCABULARY, ids=lambda item: item.kind)
def test_a_word_without_its_claim_is_found(vocabulary: Words) -> None:
    """A planted one is; another line of the ledger is no excuse, and a docstring is no claim."""
    word = min(vocabulary.words)
    claim = min(vocabulary.claims)
    assert unmarked(f"KEY = {word!r}  # L-999\n", vocabulary) == {word}
    assert unmarked(f"KEY = {word!r}  # {claim}\n", vocabulary) == set()
    assert unmarked(f'"""{word}"""\n', vocabulary) == set()


@pytest.mark.parametrize("kind", ["contract/IBREService_v1_0.wsdl", "contract/IBREService_v1_0.xsd"])
def test_the_contract_names_its_claims(kind: str) -> None:
    text = (wsdl_path().parents[1] / kind).read_text(encoding="utf-8")
    assert claims("014 015") <= set(re.findall(r"\bL-\d{3}\b", text))


#: Numbers at the head of a module that are the program's own and say nothing of the bank.
OWN_NUMBERS = frozenset(
    {
        "api.NOTES",
        "file.SCHEMA_VERSION",
        "call.BATCH",
        "call.PENDING_LIFE",
        "call_export.LIMIT",
        "cards._CANDIDATE",
        "cli.INTERRUPTED",
        "code_pages._ASCII",
        "code_pages._WRONG",
        "commands.INTERRUPTED",
        "commands._REPORT_EVERY",
        "configuration.MOST_DAYS",
        "connection.CLIENT_LIFE",
        "connection_string.DEFAULT_PORT",
        "connections._CONNECT_RETRIES",
        "contract._MOST_NOTICES",
        "desk._WAITING",
        "entry_line._CENTURY_TURN",
        "execution._MIDNIGHT",
        "expenses.EXPENSES",
        "external_database._ROOTS_LIMIT",
        "expenses._FEES",
        "files._OTHERS",
        "files._OWNER_ONLY",
        "identifiers._CRC",
        "main_bar.REMEMBERED",
        "order_intent._VERSION",
        "order_snapshot._VERSION",
        "output.FAILED",
        "output.FOUND_PROBLEMS",
        "output.UNKNOWN",
        "mt940._NOTES",
        "packed._FED",
        "packed._GZIP",
        "packed._MADE",
        "overview._STRIDE",
        "passwords._LONGEST",
        "polling._SLICE",
        "queries.LARGEST_PAGE",
        "queries._CALLS",
        "receipts.RECEIPTS",
        "run.FIRST_DAY",
        "run.LARGEST_SEED",
        "run._MOST_PARTIES",
        "run._OPENING",
        "server._BODY_LIMIT",
        "server_key_use.WAIT",
        "server_key_use._PAUSE",
        "application._LIMIT",
        "session_open._LONGEST_DAYS",
        "session_opening._VERSION",
        "session_ending.FIRST_PAUSE",
        "session_ending.LONGEST_PAUSE",
        "session_ending.TELL_AFTER",
        "session_making.PENDING_LIFE",
        "session_making.PROVING_LIFE",
        "session_renewal.BETWEEN_TRIES",
        "inbox.MOST_SHARES",
        "inbox_triage.BATCH",
        "inbox_triage.BETWEEN_TELLING",
        "inbox_triage.KEPT",
        "inbox_triage.LONGEST",
        "inbox_triage.MOST_TRIES",
        "inbox_triage.SOURCE_LIMIT",
        "share_answer.LONGEST_PAUSE",
        "share_answer.SHORTEST_PAUSE",
        "share_message.LIMIT",
        "share_message.MOST_OPERATIONS",
        "share_message.TEXT_LIMIT",
        "share_message.TOKEN_LIMIT",
        "share_message._LARGEST_ID",
        "share_proof.LONGEST",
        "share_proof.SOON",
        "share_renewal.GRACE",
        "session_snapshot._VERSION",
        "session_term._LENGTHS",
        "statement._TITLE_WIDTH",
        "statement_days.DAY",
        "statement_days._NEAR",
        "statement_known.NAMED",
        "statement_known.SLICE",
        "target.IDENTITY_LIMIT",
        "target.LONGEST",
        "target.NAME_LIMIT",
        "target.REASON_LIMIT",
        "target.TIMEOUT",
        "target._LARGEST_ID",
        "process._TIMEOUT",
        "text._HARMLESS",
        "text._MANY",
        "text._SHOWN",
        "transport._CHUNK",
        "views._ALL",
        "xml.SIZE_LIMIT",
        "order_sending.CALL_LIMIT",
        # From the decision to the call: what has waited longer does not leave.
        "orders.LEAVES_WITHIN",
        "order_sending.TASK_LIMIT",
        "bank_report.CONFIRM_WITHIN",
        "order_asking.FRESH",
        "order_asking.SHOWN",
        "order_leaving.SHOWN",
        "payment_failing.SHOWN",
        "bank_report.LOST_AFTER",
        "order._CENT_EXPONENT",
        "entry_line._SIGN",
        "document._LIMIT",
        "masker._CARD_LENGTHS",
        "masker._TELLING",
        "statement._LONGEST",
        "recording._VERSION",
        "received._SIZE_LIMIT",
        "token_worker._TOKEN_WAIT",
        "tokens.LISTING_TIMEOUT",
        "trust_list._SIZE_LIMIT",
        "certificate.SOON",
        "certificate.WARNINGS",
        "routes.VERSION",
        "routes.LONGEST",
        "session_signing.PATIENCE",
        "signing_job.CODE_LIFE",
        "signing_job.BY_HAND_LIFE",
        "signing_steps.GRACE",
        "payment_order.VERSION",
        "payment_order._OVERLAP",
        "payment_order._UNIQUE_LENGTH",
    }
)


def numbers_of(source: str) -> Iterator[tuple[str, str]]:
    """The names at the head of a module whose values hold numbers, with their lines and the comment above."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if not isinstance(target, ast.Name) or value is None:
            continue
        if any(isinstance(item, ast.Constant) and type(item.value) in {int, float} for item in ast.walk(value)):
            first = node.lineno - 1
            while first and lines[first - 1].lstrip().startswith("#"):
                first -= 1
            yield target.id, "\n".join(lines[first : node.end_lineno])


def test_numbers_carry_a_claim_a_source_or_are_our_own() -> None:
    """A limit, a length or a time at the head of a module says where it is from."""
    own, found = set(), []
    for path in SOURCES:
        stem = path.parent.name if path.stem == "__init__" else path.stem
        for name, text in numbers_of(path.read_text(encoding="utf-8")):
            if f"{stem}.{name}" in OWN_NUMBERS:
                own.add(f"{stem}.{name}")
            elif not re.search(r"\b[LS]-\d{3}\b", text):
                found.append(f"{path.relative_to(ROOT)}: {name}")
    assert not found
    assert not OWN_NUMBERS - own, "gone, or from outside now"


def test_a_number_without_a_source_is_found() -> None:
    ((name, text),) = numbers_of("X = 'a'\n#: Seconds.  # L-001\nLIMIT = 30\n")
    assert (name, "L-001" in text) == ("LIMIT", True)
    ((_name, text),) = numbers_of("# L-001\nX = 'a'\nLIMIT = timedelta(days=3)\n")
    assert "L-001" not in text


#: Settings of the profile that are this side's own: what it will wait for and bear.
OWN_SETTINGS = frozenset(
    {
        "endpoint",
        "wsdl",
        "poll_factor",
        "poll_longest",
        "poll_deadline",
        "connect_timeout",
        "read_timeout",
        "call_timeout",
        "answer_limit",
        "report_limit",
        "ca_file",
        "client_certificate",
        "client_key",
        "client_key_password_file",
        "proxy",
        "proxy_credentials_file",
    }
)


def documented_fields(path: Path, name: str) -> dict[str, str]:
    """The fields of a class, each with the docstring under it."""
    body = next(
        node.body
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == name
    )
    return {
        field.target.id: note.value.value
        for field, note in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(note, ast.Expr)
        and isinstance(note.value, ast.Constant)
        and isinstance(note.value.value, str)
    }


def test_settings_of_the_profile_carry_their_claim() -> None:
    """What a customer may have to set otherwise says which claim its first value rests on."""
    package = ROOT / "packages" / "companynet" / "src" / "companynet"
    profile = documented_fields(package / "profile.py", "BankProfile")
    assert set(profile) == set(BankProfile.__dataclass_fields__)
    assert {name for name, note in profile.items() if "L-" not in note} == OWN_SETTINGS
    order_codes = documented_fields(package / "formats" / "order_codes.py", "OrderCodes")
    assert set(order_codes) == set(OrderCodes.__dataclass_fields__)
    assert not [name for name, note in order_codes.items() if "L-" not in note]


def test_settings_of_the_sandbox_carry_their_claim() -> None:
    """What the sandbox decides for the bank says so; its clock is its own."""
    source = Path(file.__file__).read_text(encoding="utf-8")
    block = source[source.index("DEFAULT_SETTINGS") : source.index("\n}", source.index("DEFAULT_SETTINGS"))]
    bare, above = [], ""
    for line in block.splitlines()[1:]:
        if line.lstrip().startswith("#"):
            above = line
            continue
        name = line.split('"')[1]
        # A claim above holds for the lines below it that belong together by their name.
        if not re.search(r"L-\d{3}", line + above):
            bare.append(name)
        if not name.startswith("fee"):
            above = ""
    assert bare == ["clock_offset"]
