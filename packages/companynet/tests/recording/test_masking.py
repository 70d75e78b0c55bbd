"""What is masked has the form of what it was, is the same for the same, and tells nothing of it."""

import base64
import gzip
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, luhn
from stdnum.pl import nip

from companynet.domain.statement import Statement
from companynet.formats import pain001, read_statements
from companynet.formats.text import decode
from companynet.formats.title import find_ksef
from companynet.soap.envelope import EnvelopeError
from companynet.testing.masking import Masker, mask_envelope
from companynet.testing.masking.document import mask_data, mask_report
from companynet.testing.masking.statement import mask_statement

GOLDEN = Path(__file__).parents[1] / "golden"
SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "samples"
STATEMENTS = sorted([*GOLDEN.glob("*.sta"), *SAMPLES.glob("mt940/*.sta")])
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZĄĆĘŁŃÓŚŹŻ"

sort_codes = st.integers(10**7, 10**8 - 1).map(str)
clients = st.integers(0, 10**16 - 1).map("{:016d}".format)


def nrb(sort_code: str, client: str) -> str:
    return f"{98 - int(sort_code + client + '252100') % 97:02d}{sort_code}{client}"


@given(st.text())
def test_a_text_keeps_its_form_and_no_word(text: str) -> None:
    """Every sign that is no letter or digit stays where it is, and no letter or digit stays what it was."""
    made = Masker().text(text)
    assert len(made) == len(text)
    for before, after in zip(text, made, strict=True):
        assert before.isalnum() == after.isalnum()
        assert (before == after) == (not before.isalnum())


@given(st.text(alphabet=LETTERS + "0123456789 ", min_size=1))
def test_the_same_word_becomes_the_same(text: str) -> None:
    """In one recording, in whatever case it is written; in another recording it becomes something else."""
    masker = Masker()
    assert masker.text(text) == masker.text(text)
    assert masker.text(f"({text.title()};").casefold() == f"({masker.text(text)};".casefold()
    if len([sign for sign in text if sign.isalnum()]) > 12:
        assert masker.text(text) != Masker().text(text)


@given(sort_codes, clients, st.sampled_from(["{}", "PL{}", "pl{}"]))
def test_an_account_stays_with_its_bank_and_stays_right(sort_code: str, client: str, form: str) -> None:
    number = nrb(sort_code, client)
    masker = Masker()
    made = masker.account(form.format(number))
    bare = made[-26:]
    assert iban.is_valid(f"PL{bare}")
    assert bare[2:10] == sort_code
    assert all(before != after for before, after in zip(client, bare[10:], strict=True))
    assert masker.text(f"na rachunek {number}, pilne").count(bare) == 1
    grouped = f"{number[:2]} " + " ".join(number[start : start + 4] for start in range(2, 26, 4))
    assert masker.account(grouped).replace(" ", "") == bare
    assert masker.text(grouped).replace(" ", "") == bare


@given(sort_codes, clients)
def test_a_wrong_account_stays_wrong(sort_code: str, client: str) -> None:
    right = nrb(sort_code, client)
    wrong = f"{(int(right[:2]) + 1) % 100:02d}{right[2:]}"
    assert not iban.is_valid(f"PL{Masker().account(wrong)}")


def test_a_foreign_account_stays_in_its_country() -> None:
    made = Masker().account("DE89 3704 0044 0532 0130 00")
    assert made.startswith("DE")
    assert made.count(" ") == 5
    assert iban.is_valid(made)
    assert "0532" not in made


@given(st.integers(10**8, 10**9 - 1).map(str))
def test_tax_and_card_numbers_stay_right(digits: str) -> None:
    check = nip.checksum(f"{digits}0")
    if check in range(10):
        made = Masker().text(f"NIP {digits}{check}")[-10:]
        assert nip.is_valid(made)
        assert made[:9] != digits
    card = f"5{digits}123450"
    card = card[:-1] + luhn.calc_check_digit(card[:-1])
    assert luhn.is_valid(Masker().digits(card))


def test_an_invoice_number_of_ksef_stays_one() -> None:
    made = Masker().text("KSEF 5265877635-20250826-0100001AF629-AF.")
    assert find_ksef(made)
    assert find_ksef(made) != find_ksef("5265877635-20250826-0100001AF629-AF")
    assert "5265877635" not in made
    # One whose check digits are wrong is words as all others.
    wrong = Masker().text("5265877635-20250826-0100001AF629-AE")
    assert find_ksef(wrong) is None
    assert "5265877635" not in wrong


def test_the_parts_of_a_split_payment_keep_their_names() -> None:
    made = Masker().text("/VAT/23,00/IDC/5252445767/INV/FV 7-2026/TXT/towar")
    assert re.fullmatch(r"/VAT/\d\d,\d\d/IDC/\d{10}/INV/[A-Z]{2} \d-\d{4}/TXT/[a-z]{5}", made)
    assert nip.is_valid(made[15:25])


def shape(statement: Statement) -> object:
    """What of a statement is nobody's. The code page is told by letters, which are masked."""
    problems = [problem for problem in statement.problems if problem.code != "code_page"]
    return (
        statement.format,
        statement.currency,
        statement.number,
        statement.opening_balance,
        statement.closing_balance,
        statement.available_balance,
        [(problem.code, problem.place) for problem in problems],
        [
            (entry.value_date, entry.booking_date, entry.amount, entry.type, entry.transaction_number)
            for entry in statement.entries
        ],
        # A label that is no one's but a title's is masked with it; none of those of the files is one word.
        [[key if " " not in key else "" for key in entry.details] for entry in statement.entries],
    )


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: path.name)
def test_a_masked_statement_reads_as_before(path: Path) -> None:
    """Lines, amounts, dates, numbers and problems stay, whosever file it is; accounts, names and titles do not."""
    data = path.read_bytes()
    masked = mask_data(data, Masker())
    lines = [[len(line) for line in decode(content, "file").text.split("\n")] for content in (data, masked)]
    assert lines[0] == lines[1]
    before, after = read_statements(data, "file"), read_statements(masked, "file")
    assert [shape(statement) for statement in after] == [shape(statement) for statement in before]
    for old, new in zip(before, after, strict=True):
        assert old.account != new.account
        for was, now in zip(old.entries, new.entries, strict=True):
            for name in ("counterparty_account", "counterparty_name", "counterparty_address", "remittance"):
                value = getattr(was, name)
                assert bool(value) == bool(getattr(now, name)), (name, value)
                assert not value or value != getattr(now, name)


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: path.name)
def test_scaled_amounts_add_up_as_before(path: Path) -> None:
    """All by one number, so that a balance that held holds and one that did not does not."""
    before = read_statements(path.read_bytes(), "file")
    after = read_statements(mask_data(path.read_bytes(), Masker(amounts=True)), "file")
    factors = set()
    for old, new in zip(before, after, strict=True):
        assert [item.code for item in new.problems] == [item.code for item in old.problems]
        pairs = zip(old.entries, new.entries, strict=True)
        factors |= {now.amount / was.amount for was, now in pairs if was.amount}
    assert len(factors) == 1
    assert factors.pop() in range(2, 10)


def test_packed_reports_are_masked_and_packed() -> None:
    data = (GOLDEN / "mbank_day.sta").read_bytes()
    masker = Masker()
    plain = base64.b64decode(mask_report(base64.b64encode(data).decode(), masker))
    packed = base64.b64decode(mask_report(base64.b64encode(gzip.compress(data)).decode(), masker))
    assert gzip.decompress(packed) == plain
    assert mask_report(data.decode("iso-8859-2"), masker) == plain.decode("iso-8859-2")


def test_the_card_of_an_entry_is_masked_wherever_it_stands() -> None:
    """The bank's reference repeats the first digits of the number: they stay the first digits of the made-up one."""
    card = "517499000000000" + luhn.calc_check_digit("517499000000000")
    entry = f":61:2601050105DN5,00NCHG{card}//CC{card[:14]}\n697-OPLATA\n:86:697 OPLATA; NR KARTY: {card}; TNR: "
    text = f":20:ST260105CYC/1\n:25:PL{nrb('11401010', '1' * 16)}\n:28C:1/1\n:60F:C260105PLN9,00\n{entry}"
    made = mask_statement(f"{text}211920000000016.000001\n:62F:C260105PLN4,00\n", Masker())
    assert card[:11] not in made
    found = re.search(r"NCHG(\d{16})//CC(\d{14})\n", made)
    assert found
    assert found[1][:14] == found[2]
    assert f"NR KARTY: {found[1]};" in made
    assert luhn.is_valid(found[1])


words = st.text(alphabet=LETTERS, min_size=9, max_size=14)
numbers = st.text(alphabet="123456789", min_size=9, max_size=16)
#: What parts the words of a title: labels of the bank's own, and what looks like one, written by whoever pays.
PARTINGS = """\
; |;|: |; OD: |; DLA: |; NR: |; TNR: |; KWOTA: |; KURS: |; WALUTA: |; TYT.: |; OKRES: |; SYMBOL FORM.: |; NIP: |
; DATA STEMPLA: |; ID IPH: |; NR KARTY: |; Z RACH.: |; REF. KLIENTA: |; PROW. ZAGR.: |; UWAGA: |/INV/| UL.|<20"""
partings = st.sampled_from(PARTINGS.replace("\n", "").split("|"))


@given(
    st.lists(st.tuples(partings, st.one_of(words, numbers)), min_size=1, max_size=5),
    st.sampled_from(["770 PRZELEW", "020<00PRZELEW<20", "KOWALSKA MARIA"]),
    st.sampled_from(["ST260105CYC/1", "OTHERBANK"]),
)
def test_nothing_written_into_a_title_stays(parts: list[tuple[str, str]], head: str, reference: str) -> None:
    """Whichever of the bank's labels stands before it, wherever its lines are wrapped, whosever file it is."""
    text = head + "".join(f"{parting}{word}" for parting, word in parts)
    wrapped = "\n".join(text[start : start + 65] for start in range(0, len(text), 65))
    entry = f":61:2601050105CN5,00NTRFNONREF//EL000001-000002\n770-X\n:86:{wrapped}"
    account = nrb("11401010" if reference.startswith("ST") else "10201026", "1" * 16)
    lines = f":20:{reference}\n:25:PL{account}\n:28C:1/1\n:60F:C260105PLN9,00\n{entry}\n:62F:C260105PLN14,00\n"
    made = mask_statement(lines, Masker()).replace("\n", "")
    assert [word for _parting, word in parts if word in made] == []
    assert "KOWALSKA" not in made or head != "KOWALSKA MARIA" or reference.startswith("ST")


def test_lines_of_nobodys_field_are_masked() -> None:
    text = "Wyciąg Kowalskiego\n:20:X-77 KOWALSKI\n:25:PL1\n:28C:1/1\n:99Z:KOWALSKI\n:60F:KOWALSKI\n:61:KOWALSKI\n"
    made = mask_statement(text, Masker())
    assert "KOWALSKI" not in made.upper()
    assert [line[:4] for line in made.split("\n")[1:]] == [line[:4] for line in text.split("\n")[1:]]


def test_an_order_file_stays_an_order_file() -> None:
    """Right by its schema and the rules of accounts; ids, days, amounts and codes stay, people do not."""
    data = (GOLDEN / "orders.pain001.xml").read_bytes()
    masked = mask_data(data, Masker())
    assert pain001.check(masked) == pain001.check(data) == ()
    assert pain001.message_id(masked) == pain001.message_id(data)
    for name in ("Nm", "AdrLine", "Ustrd", "IBAN"):
        values = re.findall(f"<{name}>([^<]+)</{name}>", data.decode())
        assert values
        assert not [value for value in values if value in masked.decode()]
    for name in ("InstrId", "EndToEndId", "InstdAmt", "ReqdExctnDt", "BIC"):
        pattern = f"<{name}[^>]*>[^<]+</{name}>"
        assert re.findall(pattern, masked.decode()) == re.findall(pattern, data.decode())


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("camt/*.xml")) or [GOLDEN / "orders.pain001.xml"])
def test_a_document_keeps_its_elements(path: Path) -> None:
    from lxml import etree

    before = etree.fromstring(path.read_bytes())
    after = etree.fromstring(mask_data(path.read_bytes(), Masker()))
    assert [item.tag for item in after.iter(etree.Element)] == [item.tag for item in before.iter(etree.Element)]
    for name in ("IBAN", "Nm", "Ustrd"):
        kept = {item.text for item in before.iter(f"{{*}}{name}")} & {
            item.text for item in after.iter(f"{{*}}{name}")
        }
        assert kept == set()


@pytest.mark.parametrize("data", [b"", b"\xff\xfe KOWALSKI", b"<!DOCTYPE x><x>KOWALSKI</x>", b'110,1,"KOWALSKI"\r\n'])
def test_what_is_no_known_file_is_masked_as_text(data: bytes) -> None:
    assert b"KOWALSKI" not in mask_data(data, Masker())


ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="urn:x"><s:Body>'
    '<m:op m:who="Kowalski">{}</m:op></s:Body></s:Envelope>'
)


def masked(inner: str, masker: Masker | None = None) -> str:
    made = mask_envelope(ENVELOPE.format(inner).encode(), masker or Masker())
    return made[made.index(">", made.index(":op")) + 1 : made.rindex("</m:op>")]


def test_what_is_not_known_is_masked() -> None:
    """Elements and attributes of a customer's own WSDL; yes and no, days and times tell nothing of anybody."""
    inner = "<m:owner>Kowalski</m:owner><m:flag>true</m:flag><m:at>2026-01-05T12:00:00Z</m:at>tail Kowalski"
    whole = mask_envelope(ENVELOPE.format(inner).encode(), Masker())
    assert "Kowalski" not in whole
    assert "<m:flag>true</m:flag><m:at>2026-01-05T12:00:00Z</m:at>" in whole


def test_secrets_are_numbered() -> None:
    inner = (
        "<m:authenticationToken>aa</m:authenticationToken><m:sessionToken>bb</m:sessionToken>"
        "<m:generatedToken>aa</m:generatedToken><m:token>cc</m:token><m:signature>dd</m:signature>"
    )
    assert re.findall(">([^<]+)<", masked(inner)) == [
        "masked-token-1",
        "masked-token-2",
        "masked-token-1",
        "masked-password-1",
        "masked-signature-1",
    ]


def test_a_code_stays_and_its_sentence_does_not() -> None:
    inner = "<m:code>E-17</m:code><m:message>Odmowa: Kowalski, 51140101090000000000</m:message>"
    made = masked(inner)
    assert "<m:code>E-17</m:code>" in made
    assert not re.search("Odmowa|Kowalski|0000000", made)
    assert "Kowalski" not in masked("<m:code>Pan Jan Kowalski</m:code>")


def test_a_sentence_may_stay_without_what_is_known() -> None:
    """Values masked elsewhere and long numbers are masked in it, whatever their case."""
    masker = Masker(sentences=True)
    masked("<m:userLogin>ALFA01</m:userLogin><m:sessionToken>s3cr3t</m:sessionToken>", masker)
    masker.name("Jan Kowalski")
    made = masked("<m:message>Odmowa: pan KOWALSKI (alfa01), s3cr3t, nr 44051401359</m:message>", masker)
    assert made.startswith("<m:message>Odmowa: pan ")
    assert not re.search("KOWALSKI|ALFA01|s3cr3t|44051401359", made, re.IGNORECASE)


def test_the_sum_fits_the_masked_file() -> None:
    import hashlib

    data = base64.b64encode((GOLDEN / "orders.pain001.xml").read_bytes()).decode()
    made = masked(f"<m:meta><m:md5>{'0' * 32}</m:md5></m:meta><m:data>{data}</m:data>")
    content = base64.b64decode(made[made.index("<m:data>") + 8 : made.index("</m:data>")])
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() in made


def test_what_is_no_envelope_is_not_masked_but_refused() -> None:
    with pytest.raises(EnvelopeError):
        mask_envelope(b"<html/>", Masker())


def test_scaling_is_exact() -> None:
    masker = Masker(amounts=True)
    factor = Decimal(masker.amount("1.00"))
    assert Decimal(masker.amount("0.01")) * 100 == factor
    assert masker.amount("12,34") == str(Decimal("12.34") * int(factor)).replace(".", ",")
    assert masker.amount("100,") == f"{int(factor)}00,"
    assert Masker().amount("12,34") == "12,34"
