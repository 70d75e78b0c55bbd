"""What holds for all entries and items whatever they say."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from settlement import Decision, Entry, Kind, MatchConfig, Matcher, OpenItem
from settlement.folding import fold
from settlement.words import says_invoice

ACCOUNTS = ["61109010140000071219812874", "12114020040000300201355387", "27114020040000300201355387"]
NAMES = ["Hurtownia Nowak Sp. z o.o.", "DELTA S.A.", "Jan Łęcki"]
AMOUNTS = st.integers(1, 400).map(lambda units: Decimal(units * 25) / 100)
DAYS = st.integers(0, 60).map(lambda days: dt.date(2026, 10, 1) + dt.timedelta(days))
NUMBERS = st.builds("{}{}/{}".format, st.sampled_from(["FV/", "FV ", "", "FK/"]), st.integers(1, 9), st.just(2026))
TITLES = st.lists(
    st.one_of(
        NUMBERS,
        st.sampled_from(
            ["FV 1,2/2026", "FV 1-3/2026", "i", "ZA", "FV", "1/2", "026", "ZWROT", "/INV/FV-1-2026", ","]
        ),
        st.text("FV O/-0123.,;26 ", max_size=12),
    ),
    max_size=4,
).map(" ".join)


@st.composite
def open_items(draw):
    """Items of three parties."""
    items = []
    for at in range(draw(st.integers(0, 9))):
        party = draw(st.integers(0, 2))
        items.append(
            OpenItem(
                id=f"i{at}",
                kind=draw(st.sampled_from(list(Kind))),
                party=f"p{party}",
                party_name=NAMES[party],
                party_accounts=(ACCOUNTS[party],) if draw(st.booleans()) else (),
                number=draw(NUMBERS),
                amount=draw(AMOUNTS),
                currency=draw(st.sampled_from(["PLN", "PLN", "EUR"])),
                date=draw(st.none() | DAYS),
                due_date=draw(st.none() | DAYS),
                virtual_account=draw(st.sampled_from([None, None, "XX000000000001"])),
            )
        )
    return items


@st.composite
def statement_entries(draw):
    """Entries with all sorts of evidence."""
    return [
        Entry(
            id=f"e{at}",
            amount=draw(AMOUNTS) * draw(st.sampled_from([1, -1])),
            currency=draw(st.sampled_from(["PLN", "PLN", "EUR"])),
            value_date=draw(DAYS),
            remittance=draw(TITLES),
            counterparty_account=draw(st.sampled_from([None, *ACCOUNTS])),
            counterparty_name=draw(st.sampled_from([None, *NAMES])),
            virtual_account=draw(st.sampled_from([None, None, "XX000000000001"])),
        )
        for at in range(draw(st.integers(1, 6)))
    ]


CONFIGS = st.sampled_from([MatchConfig(), MatchConfig(automatic_part=True, automatic_difference=True)])


@settings(max_examples=300, deadline=None)
@given(open_items(), statement_entries(), CONFIGS)
def test_no_more_is_given_than_there_is(items, entries, config):
    """Neither of an entry nor, over all automatic settlements, of an item; only in its currency and its way."""
    by_id = {item.id: item for item in items}
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for entry, proposal in zip(entries, Matcher(items, config).match_all(entries), strict=True):
        assert sum((one.amount for one in proposal.allocations), Decimal(0)) <= abs(entry.amount)
        assert len({one.item_id for one in proposal.allocations}) == len(proposal.allocations)
        assert 0 <= proposal.score <= 1
        assert proposal.reasons
        assert bool(proposal.allocations) == (proposal.decision is not Decision.NONE)
        for one in proposal.allocations:
            item = by_id[one.item_id]
            assert 0 < one.amount <= item.amount
            assert item.currency == entry.currency
            incoming = item.kind is Kind.RECEIVABLE
            returned = item.kind is Kind.PAYMENT and proposal.decision is Decision.PROPOSE
            assert incoming == (entry.amount > 0) or returned
            if proposal.decision is Decision.AUTOMATIC:
                taken[one.item_id] += one.amount
    assert all(amount <= by_id[id_].amount for id_, amount in taken.items())


@settings(max_examples=150, deadline=None)
@given(open_items(), statement_entries(), st.randoms(use_true_random=False))
def test_order_does_not_matter(items, entries, random):
    """Items or entries in another order, or a second run: the same proposals."""
    first = {one.entry_id: one for one in Matcher(items).match_all(entries)}
    shuffled, turned = list(items), list(entries)
    random.shuffle(shuffled)
    random.shuffle(turned)
    assert {one.entry_id: one for one in Matcher(shuffled).match_all(turned)} == first


@settings(max_examples=200, deadline=None)
@given(open_items(), st.sampled_from(["", "PRZELEW SRODKOW", "DZIEKUJE", "ZA TOWAR"]), st.data())
def test_never_automatic_on_amount_alone(items, title, data):
    """Without number, account, virtual account or KSeF number nothing is automatic, whatever the amount."""
    amounts = [item.amount for item in items] or [Decimal(1)]
    amount = data.draw(st.sampled_from(amounts)) * data.draw(st.sampled_from([1, -1]))
    name = data.draw(st.sampled_from([None, "Ktoś Zupełnie Inny", *NAMES]))
    entry = Entry("e", amount, "PLN", dt.date(2026, 11, 1), title, "99" * 13, name)
    assert Matcher(items).match(entry).decision is not Decision.AUTOMATIC


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_read_without_an_error(title, number, name, account):
    """Titles, numbers, names and accounts may hold any sign."""
    item = OpenItem("i", Kind.RECEIVABLE, name or "p", number, Decimal(5), "PLN", party_accounts=(account,))
    entry = Entry("e", Decimal(5), "PLN", dt.date(2026, 1, 1), title, account, name, details={"INV": number})
    assert Matcher([item]).match(entry).score <= 1


def _is_no_invoice(word: str) -> bool:
    return not says_invoice(fold(word)) and not fold(word).startswith("F")


KNOWN_WORDS = (
    "WPŁATA", "ZA", "NR", "NUMER", "UMOWA", "KARTA", "NOTA", "KOREKTA", "ZWROT", "REZERWACJA", "INTERNET",
    "TERMIN", "DO", "OD", "KLIENT", "I", "ORAZ", "RATA", "CZYNSZ", "LOKAL", "ABONAMENT", "KSIĘGOWA", "PARAGON", "WZ",
    "MANDAT", "POLISA", "JAN", "KOWALSKI", "PŁATNE", "OKRES", "STAN", "Z", "DNIA",
)  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(KNOWN_WORDS),
    st.text("ABCDEGHIKLŁMNOÓPRSŚTUVWXYZŻ", min_size=1, max_size=10),
    st.text(st.characters(categories=("Lu", "Ll")), min_size=1, max_size=10),
).filter(_is_no_invoice)
SCHEMES = st.sampled_from(
    ["FV/{n}/01/2026", "{n}/01/2026", "FV/2026/{n:04d}", "{n}/2026", "2026/01/{n}", "{n:02d}012026", "FV {n:06d}"]
)
FORMS = st.sampled_from(
    ["{n}/01/2026", "{n}.01.26", "{n}/2026", "{n:06d}", "2026/{n:04d}", "2026-01-{n}", "{n}012026"]
)


TITLES_AROUND = st.tuples(st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=2))


@settings(max_examples=500, deadline=None)
@given(
    TITLES_AROUND, SCHEMES, st.none() | FORMS, st.sampled_from([15, 27, 4312]),
    st.tuples(st.sampled_from(["", "account", "virtual", "name", "nip"]), st.sampled_from([70, 100])),
)  # fmt: skip
@example((["INTERNET"], []), "FV/{n}/01/2026", None, 15, ("", 70))
@example((["NR", "KLIENTA"], []), "{n}/01/2026", None, 15, ("", 100))
def test_no_words_but_those_for_invoice_settle_anothers_number(words, scheme, form, serial, payer):
    """The number of another's invoice in any form among any words: never automatic to that other."""
    evidence, our_amount = payer
    theirs, ours = (
        OpenItem(
            name, Kind.RECEIVABLE, name, scheme.format(n=number), Decimal(amount), "PLN",
            date=dt.date(2026, 1, 5), party_name=NAMES[at], party_accounts=(ACCOUNTS[at],),
            party_nip=("5260001246", "7740001454")[at], virtual_account=f"XX00000000000{at}",
        )
        for at, (name, number, amount) in enumerate((("theirs", serial, 100), ("ours", 999, our_amount)))
    )  # fmt: skip
    number = (form or scheme.replace("FV/", "").replace("FV ", "")).format(n=serial)
    title = " ".join([*words[0], number, *words[1], *(["NIP 7740001454"] if evidence == "nip" else [])])
    entry = Entry(
        "e", Decimal(100), "PLN", dt.date(2026, 1, 20), title,
        ACCOUNTS[1] if evidence == "account" else None, NAMES[1] if evidence == "name" else None,
        "XX000000000001" if evidence == "virtual" else None,
    )  # fmt: skip
    proposal = Matcher([theirs, ours]).match(entry)
    told = [reason.text for reason in proposal.reasons]
    assert proposal.decision is not Decision.AUTOMATIC or proposal.allocations[0].item_id == "ours", (title, told)
