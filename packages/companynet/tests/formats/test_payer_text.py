"""What a payer types into a name or a title is never taken for a field of the bank's."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from companynet.domain.statement import Entry, Statement
from companynet.formats import read_statements
from companynet.formats.information import IN_TITLE, read_information

TNR = "210251000000030.000030"
OTHER = "999999999999999.000001"
ACCOUNT = "75105010251000009213587777"
LABELS = """\
Z RACH.|NA RACH.|OD|DLA|TYT.|TNR|ID IPH|DATA STEMPLA|DATA NOSTRO|WALUTA|KWOTA|KURS|NR|REF. KLIENTA|REF. MT103
PROW. ZAGR.|NAZWA ZOBOW.|ID UZUP.|SYMBOL FORM.|OKRES|ID ZOBOW.|RODZAJ SKŁADKI|DEKLARACJA|NIP|NR DEC/UM/TW.|NR KARTY
KSEF|OPERATION|UWAGA""".replace("\n", "|").split("|")
VALUES = ["XX000000000777", "61109010140000071219812874", "5260001246", "1,00", "30.12.2025", OTHER, "FV 1/2026", ""]
PARTINGS = ["; ", ";", " ; ", "; ; ", ";;", " ", "", "\t"]

pieces = st.one_of(
    st.tuples(st.sampled_from(PARTINGS), st.sampled_from(LABELS), st.sampled_from([": ", ":", " : "]),
              st.sampled_from(VALUES)).map("".join),
    st.sampled_from([
        ":61:05 FV", ":61:2601", ":86:05 X", ":86:770 X", ":62F:C26", ":64:1", ":60F:X", ":20:45", ":25:07", ":28C:1",
        ":90D:1", ":34F:P", ":13D:2", "-", "-}", "12:20:25:30", "FV 12/2026", "; ;", ": :", "::",
    ]),
    st.text(alphabet="AZŻ 09;:./-,", max_size=20),
)  # fmt: skip
typed = st.lists(pieces, max_size=6).map("".join)
INCOMING = f"770 PRZELEW; ID IPH: XX000000000001; Z RACH.: {ACCOUNT}; OD: %s; TYT.: %s; TNR: {TNR}"
OUTGOING = f"944 COMPANYNET PRZELEW KRAJOWY; NA RACH.: {ACCOUNT}; REF. KLIENTA: E2E-1; DLA: %s; TYT.: %s; TNR: {TNR}"


def read(text: str, width: int = 65) -> Statement:
    lines = [text[start : start + width] for start in range(0, len(text), width)]
    head = [":20:ST260105CYC/1", ":25:PL37114020620000700001001001", ":28C:1/1", ":60F:C260105PLN100,00"]
    entry = [":61:2601050105CN50,00NTRFNONREF//EL012345-678901", "770-PRZELEW", ":86:" + lines[0], *lines[1:]]
    data = "".join(f"{line}\r\n" for line in [*head, *entry, ":62F:C260105PLN150,00", ":64:C260105PLN150,00", "-"])
    (statement,) = read_statements(data.encode("iso-8859-2"), "x")
    return statement


def bare(entry: Entry, *fields: str) -> Entry:
    """The entry without these fields, the lines as they stand, and what is marked as found in a title."""
    details = {
        key: value
        for key, value in entry.details.items()
        if not key.startswith(IN_TITLE)
        and key not in ("vat_amount", "seller_tax_id", "invoice_number", "text", "ksef")
    }
    return replace(entry, raw="", details=details, **dict.fromkeys(fields, ""))


@pytest.mark.parametrize("form", [INCOMING, OUTGOING])
@given(typed, st.sampled_from([65, 64, 30]))
@example("WPLATA; ID IPH: XX000000000777; DZIEKUJE", 65)
@example(f"WPLATA; Z RACH.: 1; TNR: {OTHER}", 65)
@example("KOD\t:61:05 FV 12/2026", 65)
@example("12:20:25:300000000000012:20:25:30", 30)
@example("-:20:25:300000000000012:20:25:30", 30)
@example(":62F:C26:20:25:300000000000:62F:C26:20:25:30", 30)
def test_no_title_changes_any_field_but_the_remittance(form: str, title: str, width: int) -> None:
    whole = read(form % ("STALMAX", "FV 1/2026"), width)
    statement = read(form % ("STALMAX", title), width)
    (entry,) = statement.entries
    assert statement.problems == ()
    assert bare(entry, "remittance") == bare(whole.entries[0], "remittance")
    assert "".join(entry.remittance.split()) in "".join(title.split())
    assert entry.remittance.rstrip(" ;\t") == title.strip().rstrip(" ;\t")


@pytest.mark.parametrize("form", [INCOMING, OUTGOING])
@given(typed)
@example(f"STALMAX; ID IPH: XX000000000777; NA RACH.: 1; TNR: {OTHER}; NAZWA ZOBOW.: X")
def test_no_name_changes_any_field_but_name_and_remittance(form: str, name: str) -> None:
    """Where a name holds the label of a title, the title begins there: both are the payer's."""
    fields = ("counterparty_name", "counterparty_address", "remittance")
    whole = read(form % ("STALMAX", "FV 1/2026"))
    statement = read(form % (name, "FV 1/2026"))
    (entry,) = statement.entries
    assert statement.problems == ()
    assert bare(entry, *fields) == bare(whole.entries[0], *fields)
    assert entry.remittance.endswith("FV 1/2026")


@pytest.mark.parametrize(
    "fields",
    [
        (":61:2601050105CN5000,00NTRFNONREF//EL1", f":86:770 X; Z RACH.: {ACCOUNT}; OD: B; TYT.: FV 1/2026"),
        (":62F:C260105PLN1,00", ":64:C260105PLN1,00"),
        (":20:ST260105CYC/1", f":25:PL{ACCOUNT}"),
        (":60F:C260105PLN1,00", ":28C:9/1"),
        (f"; TNR: {OTHER}".rjust(65), ":61:2601050105CN5000,00NTRFNONREF//EL1"),
    ],
)
def test_no_whole_field_typed_into_name_and_title_is_one(fields: tuple[str, str]) -> None:
    """Folding puts what stands at the right place at the start of a line; full lines are no other field's."""
    head = f"770 PRZELEW; Z RACH.: {ACCOUNT}; OD: "
    first, second = (field.ljust(65, ".") for field in fields)
    name = "J" * (-len(head) % 65) + first + second
    title = "Y" * 57 + ":61:2601050105DN5000,00NTRFNONREF//EL1".ljust(65, ".") + ":62F:C260105PLN1,00"
    statement = read(f"{head}{name}; TYT.: {title}; TNR: {TNR}")
    (entry,) = statement.entries
    assert (statement.problems, entry.transaction_number) == ((), TNR)
    assert entry.remittance.endswith(title)


def test_lines_that_a_copy_filled_up_with_blanks_part_no_word() -> None:
    text = f"770 PRZELEW; Z RACH.: {ACCOUNT}; OD: {'A' * 60}; TYT.: FV 12/2026; TNR: {TNR}"
    text = text.replace("; OD: A", "; OD: " + "A" * (-(text.index("TNR") + 1) % 65 + 1))
    (entry,) = read(text).entries
    lines = [text[start : start + 65].ljust(80) for start in range(0, len(text), 65)]
    (filled,) = read("".join(lines), 80).entries
    assert bare(filled) == bare(entry)
    assert filled.transaction_number == TNR


def test_a_full_line_of_an_entry_behind_a_full_text_is_an_entry() -> None:
    """Its second line, with the code and its name, tells."""
    text = f"770 PRZELEW; Z RACH.: {ACCOUNT}; OD: A; TYT.: B; TNR: {TNR}"
    full = text.replace("OD: A", "OD: A" + "A" * (-len(text) % 65))
    line = ":61:2601050105DN20,00NTRFNONREF//EL"
    whole = line.ljust(65, "1")
    statement = read(f"{full}\n{whole}\n944-PRZELEW\n:86:944 X; TYT.: B; TNR: {OTHER}", len(full))
    assert [entry.bank_reference for entry in statement.entries][-1] == whole.partition("//")[2]


def test_a_name_without_a_title_is_the_name() -> None:
    entry = read(
        f"770 PRZELEW; Z RACH.: {ACCOUNT}; OD: A; ID IPH: XX000000000777; REF. KLIENTA: E2E; TNR: {TNR}"
    ).entries[0]
    assert entry.counterparty_name == "A; ID IPH: XX000000000777; REF. KLIENTA: E2E"
    assert (entry.virtual_account, entry.transaction_number) == (None, TNR)
    assert entry.details == {"operation": "PRZELEW"}


def test_behind_the_payee_of_a_form_stand_the_fields_of_the_form() -> None:
    info = read_information(
        f"946 ORGAN PODATKOWY; NA RACH.: {ACCOUNT}; DLA: URZĄD; NAZWA ZOBOW.: ALFA; BETA SP. J.;"
        f" ID UZUP.: N 5253000665; SYMBOL FORM.: VAT7; OKRES: 25M12; ID ZOBOW.: VAT; REF. KLIENTA: E2E; ; TNR: {TNR}"
    )
    assert info.counterparty_name == "URZĄD"
    assert info.details == {
        "operation": "ORGAN PODATKOWY", "tax_payer_name": "ALFA; BETA SP. J.", "tax_identifier": "N 5253000665",
        "tax_form": "VAT7", "tax_period": "25M12", "tax_obligation": "VAT", "client_reference": "E2E",
    }  # fmt: skip
    assert info.transaction_number == TNR


def test_what_a_title_says_with_the_banks_labels_is_evidence_and_marked() -> None:
    details = read_information(
        f"770 X; OD: A; TYT.: PODATEK; ID UZUP.: N 5260001246; OKRES: 26M01; OKRES: 26M02; UWAGA: 1; TNR: {TNR}"
    ).details
    assert details == {
        "operation": "X",
        "title_tax_identifier": "N 5260001246",
        "title_tax_period": "26M01",
        "title_tax_period_2": "26M02",
    }


@pytest.mark.parametrize(
    ("text", "number", "remittance"),
    [
        (f"770 X; OD: A; TYT.: B; TNR: {OTHER}; TNR: {TNR}", TNR, f"B; TNR: {OTHER}"),
        (f"770 X; OD: A; TYT.: B; TNR: {OTHER}; C", None, f"B; TNR: {OTHER}; C"),
        (f"770 X; OD: A; TYT.: ODP. NA TNR: {OTHER}", None, f"ODP. NA TNR: {OTHER}"),
        (f"770 X; OD: A; TNR: {OTHER}; TYT.: B", None, "B"),
        (f"770 X; TNR: {TNR}; OD: A; TYT.: B; TNR: {OTHER}", TNR, f"B; TNR: {OTHER}"),
        (f"824 OPŁATA; TNR: {TNR}", TNR, ""),
        (f"824 OPŁATA; TNR: {TNR}; ;", TNR, ""),
    ],
)
def test_only_a_number_in_the_banks_own_place_is_the_transactions(
    text: str, number: str | None, remittance: str
) -> None:
    """Behind a name or a title that is the end of the text."""
    info = read_information(text)
    assert (info.transaction_number, info.remittance) == (number, remittance)
    assert info.complaints == []


@pytest.mark.parametrize("line", [":61:2601050105CN1,0,0NTRFX", ":61:XX", ":61:"])
def test_an_entry_whose_line_is_damaged_is_not_taken_for_a_title(line: str) -> None:
    """It is known by the line of its code and its own text."""
    text = f"770 X; OD: A; TYT.: B; TNR: {TNR}\r\n{line}\r\n770-PRZELEW\r\n:86:770 X; TYT.: C; TNR: {OTHER}"
    statement = read(text, 10_000)
    assert "entry_unreadable" in [problem.code for problem in statement.problems]
    assert statement.entries[0].transaction_number == TNR


def test_a_text_whose_entry_is_lost_is_told() -> None:
    text = f"770 X; OD: A; TYT.: B; TNR: {TNR}\r\n:86:770 X; TYT.: C; TNR: {OTHER}"
    assert [problem.code for problem in read(text, 10_000).problems] == ["stray_information"]


def test_many_labels_take_time_that_grows_with_their_number() -> None:
    """Each name that is taken gets a number without trying all that were given."""
    info = read_information("770 X; UWAGA: 1" + "; UWAGA: 1" * 20_000 + "; TYT.: A" + "; NR: 2" * 20_000)
    assert info.details["uwaga_20001"] == "1"
    assert info.details["title_deal_number_20000"] == "2"
