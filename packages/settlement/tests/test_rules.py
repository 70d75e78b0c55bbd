"""The rules of settlement, each by its name."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from settlement import Decision, Entry, Kind, MatchConfig, Matcher, OpenItem, Proposal
from settlement.folding import account_key, ksef_in, name_tokens, nips_in
from settlement.sums import find_sums

DAY = dt.date(2026, 11, 24)
ACME = "61109010140000071219812874"
OTHER = "12114020040000300201355387"


def item(id_: str, number: str, amount: str = "100.00", **more: object) -> OpenItem:
    values: dict[str, object] = {"kind": Kind.RECEIVABLE, "party": "Acme", "currency": "PLN", "date": DAY} | more
    return OpenItem(id=id_, number=number, amount=Decimal(amount), **values)


def entry(title: str = "", amount: str = "100.00", id_: str = "e", **more: object) -> Entry:
    values: dict[str, object] = {"currency": "PLN", "value_date": DAY} | more
    return Entry(id=id_, amount=Decimal(amount), remittance=title, **values)


def codes(proposal: Proposal) -> set[str]:
    return {reason.code for reason in proposal.reasons}


def given(proposal: Proposal) -> dict[str, Decimal]:
    return {one.item_id: one.amount for one in proposal.allocations}


def test_amount_alone_settles_nothing():
    """One item with exactly the amount is mentioned, not proposed."""
    proposal = Matcher([item("a", "FV/1/2026")]).match(entry("PRZELEW"))
    assert (proposal.decision, proposal.allocations) == (Decision.NONE, ())
    assert codes(proposal) == {"amount_only"}


def test_account_with_the_only_item_of_the_amount_is_automatic():
    """With or without PL and blanks; not once the party has a second item of the amount."""
    items = [item("a", "FV/1/2026", party_accounts=(ACME,)), item("b", "FV/2/2026", "70.00")]
    payment = entry(counterparty_account="PL 61 1090 1014 0000 0712 1981 2874")
    assert Matcher(items).match(payment).decision is Decision.AUTOMATIC
    double = Matcher([*items, item("c", "FV/3/2026")]).match(payment)
    assert double.decision is Decision.PROPOSE
    assert "ambiguous" in codes(double)


def test_same_number_of_two_parties_is_solved_by_the_account_or_proposed():
    """Two suppliers with FV 1/2026 of one amount."""
    items = [
        item("a", "FV 1/2026", kind=Kind.PAYABLE, party_accounts=(ACME,)),
        item("b", "FV 1/2026", kind=Kind.PAYABLE, party="Beta", party_accounts=(OTHER,)),
    ]
    solved = Matcher(items).match(entry("FV 1/2026", "-100.00", counterparty_account=OTHER))
    assert (solved.decision, given(solved)) == (Decision.AUTOMATIC, {"b": Decimal(100)})
    open_ = Matcher(items).match(entry("FV 1/2026", "-100.00"))
    assert open_.decision is Decision.PROPOSE
    assert "ambiguous" in codes(open_)


def test_same_number_of_two_parties_is_solved_by_the_name():
    """The payer's name decides between two customers' numbers."""
    items = [item("a", "1/2026", party="Alfa Sp. z o.o."), item("b", "1/2026", party="Łódzki Młyn S.A.")]
    proposal = Matcher(items).match(entry("FV 1/2026", counterparty_name="LODZKI MLYN SPOLKA AKCYJNA UL. A 1"))
    assert (proposal.decision, given(proposal)) == (Decision.AUTOMATIC, {"b": Decimal(100)})


def test_a_number_borne_by_very_many_items_is_found_through_the_party():
    """A thousand suppliers' FV 1/2026: automatic with the account, never without."""
    items = [item(str(i), "FV 1/2026", kind=Kind.PAYABLE, party=f"P{i}") for i in range(1000)]
    items[77] = item("77", "FV 1/2026", kind=Kind.PAYABLE, party="P77", party_accounts=(ACME,))
    matcher = Matcher(items)
    known = matcher.match(entry("FV 1/2026", "-100.00", counterparty_account=ACME))
    assert (known.decision, given(known)) == (Decision.AUTOMATIC, {"77": Decimal(100)})
    unknown = matcher.match(entry("FV 1/2026", "-100.00"))
    assert unknown.decision is not Decision.AUTOMATIC
    assert "number_ambiguous" in codes(unknown)


def test_number_of_one_party_and_account_of_another_is_proposed():
    """Both speak, against each other."""
    items = [item("a", "FV/1/2026"), item("b", "FV/2/2026", "70.00", party="Beta", party_accounts=(OTHER,))]
    proposal = Matcher(items).match(entry("FV/1/2026", counterparty_account=OTHER))
    assert proposal.decision is Decision.PROPOSE
    assert "account_of_other" in codes(proposal)


def test_money_sent_to_an_account_the_supplier_does_not_have_is_proposed():
    """A right number on a strange account may be a fraud."""
    items = [item("a", "FV/11/2026", kind=Kind.PAYABLE, party_accounts=(ACME,))]
    proposal = Matcher(items).match(entry("FV/11/2026", "-100.00", counterparty_account=OTHER))
    assert proposal.decision is Decision.PROPOSE
    assert "account_differs" in codes(proposal)


def test_a_number_that_is_not_open_keeps_other_items_from_being_automatic():
    """The account and the amount fit FV/1, the title names FV/9."""
    proposal = Matcher([item("a", "FV/1/2026", party_accounts=(ACME,))]).match(
        entry("FV/9/2026", counterparty_account=ACME)
    )
    assert proposal.decision is Decision.PROPOSE
    assert "number_not_open" in codes(proposal)


@pytest.mark.parametrize(("flag", "decision"), [(False, Decision.PROPOSE), (True, Decision.AUTOMATIC)])
def test_part_payment_is_proposed_unless_configured(flag, decision):
    """With number and account both agreeing."""
    matcher = Matcher([item("a", "FV/1/2026", party_accounts=(ACME,))], MatchConfig(automatic_part=flag))
    proposal = matcher.match(entry("FV/1/2026", "40.00", counterparty_account=ACME))
    assert (proposal.decision, given(proposal)) == (decision, {"a": Decimal(40)})
    assert "amount_part" in codes(proposal)


@pytest.mark.parametrize(("flag", "decision"), [(False, Decision.PROPOSE), (True, Decision.AUTOMATIC)])
def test_small_difference_is_proposed_unless_configured(flag, decision):
    """A fee taken off on the way."""
    matcher = Matcher([item("a", "FV/1/2026", party_accounts=(ACME,))], MatchConfig(automatic_difference=flag))
    proposal = matcher.match(entry("FV/1/2026", "97.50", counterparty_account=ACME))
    assert (proposal.decision, given(proposal)) == (decision, {"a": Decimal("97.50")})
    assert "amount_difference" in codes(proposal)


def test_overpayment_is_proposed_with_what_is_open():
    """The excess stays with the entry."""
    proposal = Matcher([item("a", "FV/1/2026")]).match(entry("FV/1/2026", "150.00"))
    assert (proposal.decision, given(proposal)) == (Decision.PROPOSE, {"a": Decimal(100)})
    assert "amount_over" in codes(proposal)


def test_double_payment_settles_once():
    """The second entry says which one settled the invoice, whether it names it or only comes from the account."""
    items = [item("a", "FV/1/2026", party_accounts=(ACME,)), item("b", "FV/2/2026", "70.00")]
    first = entry("FV/1/2026", id_="e1", counterparty_account=ACME)
    named = entry("FV/1/2026", id_="e2", counterparty_account=ACME, value_date=DAY + dt.timedelta(1))
    silent = entry("", id_="e3", counterparty_account=ACME, value_date=DAY + dt.timedelta(2))
    proposals = Matcher(items).match_all([silent, named, first])
    assert [proposal.entry_id for proposal in proposals] == ["e3", "e2", "e1"]
    assert [proposal.decision is Decision.AUTOMATIC for proposal in proposals] == [False, False, True]
    for proposal in proposals[:2]:
        told = next(reason for reason in proposal.reasons if reason.code == "already_settled")
        assert told.params == {"number": "FV/1/2026", "entry": "e1"}


def test_automatic_part_payments_leave_the_rest_open():
    """Three parts: the third is more than what is left."""
    matcher = Matcher([item("a", "FV/1/2026", party_accounts=(ACME,))], MatchConfig(automatic_part=True))
    parts = [entry("FV/1/2026", "40.00", id_=f"e{i}", counterparty_account=ACME) for i in range(3)]
    proposals = matcher.match_all(parts)
    assert [proposal.decision.value for proposal in proposals] == ["automatic", "automatic", "propose"]
    assert given(proposals[2]) == {"a": Decimal(20)}


def test_instalments_of_one_invoice_are_settled_oldest_first():
    """Two lines of one number and amount are not ambiguous."""
    items = [item(str(i), "FV/1/2026", due_date=DAY + dt.timedelta(30 * i)) for i in (2, 1)]
    proposals = Matcher(items).match_all([entry("FV/1/2026", id_="e1"), entry("FV/1/2026", id_="e2")])
    assert [given(proposal) for proposal in proposals] == [{"1": Decimal(100)}, {"2": Decimal(100)}]
    assert {proposal.decision for proposal in proposals} == {Decision.AUTOMATIC}


def test_sum_of_unnamed_items_is_only_proposed():
    """The account is known and two items add up."""
    items = [item("a", "FV/1/2026", "30.00", party_accounts=(ACME,)), item("b", "FV/2/2026", "70.00")]
    proposal = Matcher(items).match(entry("ROZLICZENIE", counterparty_account=ACME))
    assert (proposal.decision, set(given(proposal))) == (Decision.PROPOSE, {"a", "b"})
    assert "amount_sum" in codes(proposal)


def test_named_items_that_the_amount_leaves_out_make_it_a_proposal():
    """Two are named, the amount is that of one."""
    items = [item("a", "FV/1/2026"), item("b", "FV/2/2026", "70.00")]
    proposal = Matcher(items).match(entry("FV/1/2026, FV/2/2026"))
    assert (proposal.decision, given(proposal)) == (Decision.PROPOSE, {"a": Decimal(100)})
    assert "numbers_left_out" in codes(proposal)


def test_payment_long_before_the_invoice_is_proposed():
    """Last year's transfer with the number of this year's invoice."""
    early = Matcher([item("a", "FV/1/2026")]).match(entry("FV/1/2026", value_date=DAY - dt.timedelta(60)))
    assert early.decision is Decision.PROPOSE
    assert "paid_early" in codes(early)
    assert early.score < Matcher([item("a", "FV/1/2026")]).match(entry("FV/1/2026")).score


@pytest.mark.parametrize(
    ("kind", "amount", "currency", "code"),
    [
        (Kind.RECEIVABLE, "-100.00", "PLN", "direction_differs"),
        (Kind.PAYABLE, "100.00", "PLN", "direction_differs"),
        (Kind.RECEIVABLE, "100.00", "EUR", "currency_differs"),
    ],
)
def test_other_way_or_currency_settles_nothing(kind, amount, currency, code):
    """The reason names what differs."""
    proposal = Matcher([item("a", "FV/1/2026", kind=kind)]).match(entry("FV/1/2026", amount, currency=currency))
    assert proposal.decision is Decision.NONE
    assert codes(proposal) == {code}


def test_sent_payment_is_settled_by_its_booking_and_preferred_to_its_invoice():
    """The invoice and the payment made of it are both open; the money is the payment's."""
    items = [
        item("invoice", "FV/1/2026", kind=Kind.PAYABLE, party_accounts=(ACME,)),
        item("payment", "FV/1/2026", kind=Kind.PAYMENT, party_accounts=(ACME,)),
    ]
    proposal = Matcher(items).match(entry("FV/1/2026", "-100.00", counterparty_account=ACME))
    assert (proposal.decision, given(proposal)) == (Decision.AUTOMATIC, {"payment": Decimal(100)})


def test_returned_payment_is_only_proposed():
    """Incoming money from the account a payment of this amount was sent to."""
    items = [item("payment", "P-1", kind=Kind.PAYMENT, party_accounts=(ACME,))]
    proposal = Matcher(items).match(entry("ZWROT", counterparty_account=ACME))
    assert (proposal.decision, given(proposal)) == (Decision.PROPOSE, {"payment": Decimal(100)})
    assert "payment_return" in codes(proposal)


def test_virtual_account_identifies_also_from_the_details():
    """The label ID IPH of the bank's text serves as well as the field."""
    items = [item("a", "FV/1/2026", virtual_account="XX000000000001"), item("b", "FV/2/2026", party="Beta")]
    for payment in (
        entry(virtual_account="XX000000000001"),
        entry(details={"ID IPH": "xx 000000000001"}),
    ):
        proposal = Matcher(items).match(payment)
        assert (proposal.decision, given(proposal)) == (Decision.AUTOMATIC, {"a": Decimal(100)})


def test_nip_in_the_title_points_to_the_party_but_does_not_settle():
    """NIP and amount are proposed."""
    proposal = Matcher([item("a", "FV/1/2026", party_nip="526-000-12-46")]).match(entry("NIP 526 000 12 46"))
    assert proposal.decision is Decision.PROPOSE
    assert "nip" in codes(proposal)


def test_reasons_have_texts_with_their_parameters():
    """What the ERP translates by code reads as a sentence in English."""
    proposal = Matcher([item("a", "FV/1/2026")]).match(entry("FV/1/2026"))
    first = proposal.reasons[0]
    assert (first.code, first.params["number"]) == ("invoice_number", "FV/1/2026")
    assert first.text == 'invoice number FV/1/2026 found in the title as "1/2026"'


def test_two_items_or_entries_of_one_id_are_refused():
    """An id that names two things would settle the wrong one."""
    with pytest.raises(ValueError, match="id a"):
        Matcher([item("a", "1"), item("a", "2")])
    with pytest.raises(ValueError, match="id e"):
        Matcher([]).match_all([entry(), entry()])


def test_accounts_names_and_numbers_are_folded():
    """PL and blanks, legal forms and Polish letters, blanks inside KSeF numbers, checksums of NIPs."""
    assert account_key("PL61 1090 1014 0000 0712 1981 2874") == account_key(ACME)
    assert name_tokens("Żółw i Spółka Sp. z o.o.") == name_tokens(
        "ZOLW I SPOLKA SPÓŁKA Z OGRANICZONĄ ODPOWIEDZIALNOŚCIĄ"
    )
    assert ksef_in("X 5265877635-20250826-0100 001AF629-AF") == ("5265877635202508260100001AF629AF",)
    assert nips_in("NIP 5260001246 ALE NIE 5260001247") == ("5260001246",)


def test_sums_are_true_sums_and_bounded():
    """Neighbours, pairs and combinations are found; the number of tries is bounded."""
    amounts = [Decimal(value) for value in (7, 11, 13, 17, 19)]
    assert (0, 2, 4) in find_sums(amounts, Decimal(39), 1000)
    assert find_sums(amounts, Decimal(18), 0) == [(0, 1)]
    assert find_sums([Decimal(2)] * 60, Decimal(61), 2000) == []


def test_a_reference_of_an_item_names_it_for_sure():
    """Of two payments with one number and amount the entry settles the one whose end-to-end id it bears."""
    items = [
        item("a", "FV 1/2026", kind=Kind.PAYMENT, references=("PAY-12-0a1b2c3d",)),
        item("b", "FV 1/2026", kind=Kind.PAYMENT, references=("PAY-13-4e5f6a7b",)),
    ]
    for more in (
        {"details": {"client_reference": "PAY-13-4e5f6a7b"}},
        {"details": {"REF. KLIENTA": "pay 13 4E5F6A7B"}},
        {"customer_reference": "PAY-13-4e5f6a7b"},
    ):
        proposal = Matcher(items).match(entry("ZAPLATA FV 1/2026, FV 2/2026", "-100.00", **more))
        assert (proposal.decision, set(given(proposal))) == (Decision.AUTOMATIC, {"b"}), more
        assert "reference" in codes(proposal)


@pytest.mark.parametrize("more", [{"amount": "-90.00"}, {"amount": "100.00"}], ids=["another amount", "incoming"])
def test_a_reference_is_not_settled_against_the_amount(more: dict[str, str]):
    """Neither with another amount nor for money that comes back."""
    items = [item("a", "", kind=Kind.PAYMENT, references=("PAY-12-0a1b2c3d",))]
    proposal = Matcher(items).match(entry(customer_reference="PAY-12-0a1b2c3d", **more))
    assert proposal.decision is not Decision.AUTOMATIC


def test_a_reference_that_two_items_bear_or_of_a_few_signs_names_none():
    """It settles nothing by itself."""
    for references in (("PAY-12-0a1b2c3d", "PAY-12-0a1b2c3d"), ("12", "13")):
        items = [item(str(at), "", kind=Kind.PAYMENT, references=(one,)) for at, one in enumerate(references)]
        proposal = Matcher(items).match(entry("", "-100.00", customer_reference=references[0]))
        assert proposal.decision is not Decision.AUTOMATIC
