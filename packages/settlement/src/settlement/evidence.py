"""Gather what one entry says: which items its text names, and who its counterparty can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from settlement.contexts import Context
from settlement.folding import fold, ksef_in, ksef_key, nip_key, nips_in, reference_key, virtual_key
from settlement.index import age_key
from settlement.readings import Candidate, Doubt, Strength, TitleReading
from settlement.reasons import reason
from settlement.titles import LONGEST_TEXT, other_words, read_title, split_payment_invoice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from settlement.index import Ledger, Side
    from settlement.parties import Parties, PartyEvidence
    from settlement.values import Entry, MatchConfig, Reason

_SLASHES_OF_NUMBER: Final = 2
"""Serial, month and year; days have dots or dashes."""
KSEF_WEIGHT: Final = 0.95
_WEIGHTS: Final = {Strength.STRONG: 0.9, Strength.FAIR: 0.8, Strength.WEAK: 0.5}


@dataclass(slots=True)
class Hit:
    """One open item that the text names."""

    at: int
    strength: Strength
    found: str
    run: int
    ksef: bool = False
    reference: bool = False
    """Named by a key of its own, such as the end-to-end id we sent it with."""
    crowded: bool = False
    """The number is borne by so many items that this one was found only by party or amount."""
    doubt: Doubt | None = None
    word: str = ""
    """The word that makes it doubtful."""
    whole: bool = False
    """Not a part of the number."""

    @property
    def alone(self) -> bool:
        """Whether it is the whole number without a word before it, and not written as days and months are."""
        slashed = self.found.count("/") == _SLASHES_OF_NUMBER or self.found.isdigit()
        return self.whole and not self.word and (self.doubt is not Doubt.DAY or slashed)

    @property
    def weight(self) -> float:
        """How much it counts for the score."""
        return KSEF_WEIGHT if self.ksef or self.reference else _WEIGHTS[self.strength]


@dataclass(slots=True)
class Evidence:
    """What one entry says."""

    entry: Entry
    amount: Decimal
    """Without sign."""
    incoming: bool
    title: TitleReading
    party: PartyEvidence
    virtual: str | None
    split_payment: bool
    references: tuple[str, ...] = ()
    """Whatever the entry calls itself, as it stands."""
    hits: dict[str, dict[int, Hit]] = field(default_factory=dict)
    """Named items by party and position."""
    cautions: list[Reason] = field(default_factory=list)
    """What the text names and is not open: whatever else agrees, a person looks at it."""
    other_debt: str = ""
    """The word by which the money pays another debt than an invoice."""
    comes_back: str = ""
    """The word by which it is money that comes back."""
    sure_parties: frozenset[str] = frozenset()
    """Parties of which the text surely names an item."""


def read_entry(entry: Entry, parties: Parties) -> tuple[Evidence, tuple[str, ...]]:
    """Read an entry without looking at the items.

    Returns:
        The evidence without hits, and the keys of the KSeF numbers it names.
    """
    labelled, references, nips, ksef = [], [], [], []
    virtual = virtual_key(entry.virtual_account)
    for label, value in entry.details.items():
        name = label.upper()
        if "KSEF" in name:
            ksef.append(ksef_key(value[:LONGEST_TEXT]) or "")
        elif name in ("INV", "INVOICE", "INVOICE_NUMBER"):
            labelled.append(fold(value[:LONGEST_TEXT]))
            ksef.extend(ksef_in(labelled[-1]))
        elif name in ("IDC", "NIP", "SELLER_TAX_ID"):
            nips.append(nip_key(value) or "")
        elif name in ("REF. KLIENTA", "CLIENT_REFERENCE"):
            references.append(fold(value[:LONGEST_TEXT]))
        elif virtual is None and name in ("ID IPH", "VIRTUAL_ACCOUNT"):
            virtual = virtual_key(value)
    reference = entry.customer_reference
    # A long run of digits there is a card's number.
    if reference and reference != "NONREF" and not (len(reference) >= 12 and reference.isdigit()):
        references.append(fold(reference[:LONGEST_TEXT]))
    folded = fold(entry.remittance[:LONGEST_TEXT])
    ksef.extend(ksef_in(folded))
    incoming = entry.amount > 0
    # A KSeF number begins with the NIP of the seller: of money that comes in that is us, not the payer.
    sellers = {key[:10] for key in ksef} if incoming else set()
    nips.extend(nip for nip in nips_in(folded) if nip not in sellers)
    other_debt, comes_back = other_words((folded, *labelled))
    evidence = Evidence(
        entry=entry,
        amount=abs(entry.amount),
        incoming=incoming,
        title=read_title(folded, entry.value_date, labelled, references),
        party=parties.evidence(
            entry.counterparty_account, (entry.counterparty_name or "")[:LONGEST_TEXT], nips, virtual
        ),
        virtual=virtual,
        split_payment=bool(labelled) or split_payment_invoice(folded) is not None,
        references=tuple(references),
        other_debt=other_debt,
        comes_back=comes_back,
    )
    if len(entry.remittance) > LONGEST_TEXT or not evidence.title.whole:
        evidence.cautions.append(reason("title_too_long"))
    return evidence, tuple(key for key in dict.fromkeys(ksef) if key)


class Finder:
    """Looks the readings of a title up among the items of one side."""

    def __init__(self, side: Side, ledger: Ledger, config: MatchConfig) -> None:
        self._side = side
        self._ledger = ledger
        self._config = config

    def find(self, evidence: Evidence, ksef: Sequence[str]) -> None:
        """Fill in hits, cautions and sure parties."""
        raw: list[tuple[Candidate, int, bool, Strength]] = []
        crowded: list[tuple[Candidate, int]] = []
        for candidate in evidence.title.candidates:
            raw.extend(self._look_up(candidate, evidence, crowded))
        covered = {run for c, _, _, _ in raw for run in range(c.run, c.last_run + 1)}
        covered.update(run for c, _ in crowded for run in range(c.run, c.last_run + 1))
        raw.extend(self._weak(evidence, covered))
        covered.update(c.run for c, _, _, _ in raw)
        settled = self._keep_best(raw, evidence)
        self._ksef(ksef, evidence, settled)
        self._cautions(evidence, covered, crowded, settled)
        self._references(evidence)
        evidence.sure_parties = frozenset(
            party for party, hits in evidence.hits.items()
            if any(hit.strength > Strength.WEAK for hit in hits.values())
        )  # fmt: skip

    def _look_up(
        self, candidate: Candidate, evidence: Evidence, crowded: list[tuple[Candidate, int]]
    ) -> Iterable[tuple[Candidate, int, bool, Strength]]:
        bucket = (self._side.compact if candidate.compact else self._side.numbers).get(candidate.key)
        if not bucket:
            return
        many = len(bucket) > self._config.bucket_limit
        if many:
            crowded.append((candidate, len(bucket)))
            bucket = self._narrowed(candidate, evidence)
        for at in bucket:
            if candidate.only_exact and self._ledger.open(at) != evidence.amount:
                continue
            form = self._side.form(at)
            strength = candidate.strength
            if not candidate.compact and form.key != candidate.key:
                # Only the short year agrees.
                strength = min(strength, Strength.FAIR)
            yield candidate, at, many, strength

    def _narrowed(self, candidate: Candidate, evidence: Evidence) -> list[int]:
        """Of a number that too many items bear, those of the parties in question and those with the amount."""
        if candidate.compact:
            return []
        found: dict[int, None] = {}
        for party in evidence.party.weights:
            pool = self._side.party_pool(party)
            if pool:
                found.update(dict.fromkeys(pool.by_key(candidate.key)))
        same_amount = self._side.by_amount.get(evidence.amount, ())
        if len(same_amount) <= self._config.bucket_limit:
            for at in same_amount:
                form = self._side.form(at)
                if candidate.key in (form.key, form.short):
                    found[at] = None
        return self._oldest(found)

    def _oldest(self, found: Iterable[int]) -> list[int]:
        return sorted(found, key=lambda at: age_key(self._side.items[at]))[: self._config.bucket_limit]

    def _weak(self, evidence: Evidence, covered: set[int]) -> Iterable[tuple[Candidate, int, bool, Strength]]:
        """Parts of numbers, among the items of the parties in question and those with exactly the amount."""
        side = self._side
        pools = [side.party_pool(party) for party in evidence.party.weights]
        if evidence.virtual:
            pools.append(side.virtual_pool(evidence.virtual))
        same_amount = side.by_amount.get(evidence.amount, ())
        for place, run in enumerate(evidence.title.runs):
            if place in covered or run.context is Context.OTHER:
                continue
            for key in run.weak_keys:
                if run.context is not Context.INVOICE and len(key) < 3:
                    continue
                candidate = Candidate(
                    key, Strength.WEAK, place, place, run.found, doubt=run.doubt, word=run.word, whole=False
                )
                found: dict[int, None] = {}
                for pool in pools:
                    if pool:
                        found.update(dict.fromkeys(pool.by_weak_key(key)))
                if run.claims and len(same_amount) <= self._config.bucket_limit:
                    found.update((at, None) for at in same_amount if key in side.form(at).weak)
                for at in self._oldest(found):
                    yield candidate, at, False, Strength.WEAK

    def _keep_best(
        self, raw: Iterable[tuple[Candidate, int, bool, Strength]], evidence: Evidence
    ) -> list[tuple[int, Hit]]:
        """Of several readings of one place keep the surest of each party; set aside what is settled."""
        side = self._side
        best: dict[tuple[str, int], int] = {}
        ranked = []
        for candidate, at, many, strength in raw:
            same_word = bool(candidate.prefix) and side.form(at).prefix == candidate.prefix
            rank = 2 * strength + same_word
            ranked.append((rank, candidate, at, many, strength))
            for run in range(candidate.run, candidate.last_run + 1):
                place = (side.items[at].party, run)
                best[place] = max(best.get(place, 0), rank)
        settled = []
        for rank, candidate, at, many, strength in ranked:
            party = side.items[at].party
            if any(best[party, run] > rank for run in range(candidate.run, candidate.last_run + 1)):
                continue
            doubt = candidate.doubt
            if doubt is Doubt.BARE and rank % 2:
                # The books' numbers begin with the very word of the title.
                doubt = None
            hit = Hit(at, strength, candidate.found, candidate.run, crowded=many, doubt=doubt, word=candidate.word,
                whole=candidate.whole)  # fmt: skip
            if self._ledger.open(at):
                known = evidence.hits.setdefault(party, {}).get(at)
                if known is None or (known.strength, known.doubt is None) < (strength, doubt is None):
                    evidence.hits[party][at] = hit
            else:
                settled.append((at, hit))
        self._prefer_same_word(ranked, evidence)
        return settled

    def _prefer_same_word(
        self, ranked: Sequence[tuple[int, Candidate, int, bool, Strength]], evidence: Evidence
    ) -> None:
        """If a party's number has the very word of the title, like numbers of others with another word are weak."""
        exact = {candidate.run for rank, candidate, _, _, strength in ranked if rank % 2 and strength > Strength.WEAK}
        if not exact:
            return
        same = {(at, candidate.run) for rank, candidate, at, _, _ in ranked if rank % 2}
        for hits in evidence.hits.values():
            for hit in hits.values():
                if hit.run in exact and (hit.at, hit.run) not in same:
                    hit.strength = Strength.WEAK

    def _ksef(self, keys: Sequence[str], evidence: Evidence, settled: list[tuple[int, Hit]]) -> None:
        for key in keys:
            bucket = self._side.ksef.get(key, ())
            if not bucket:
                evidence.cautions.append(reason("number_not_open", found=key))
            for at in bucket:
                item = self._side.items[at]
                hit = Hit(at, Strength.STRONG, item.ksef or key, -1, ksef=True)
                if self._ledger.open(at):
                    evidence.hits.setdefault(item.party, {})[at] = hit
                else:
                    settled.append((at, hit))

    def _references(self, evidence: Evidence) -> None:
        """If a key that names one item for sure has the whole amount, the title's numbers do not matter beside it."""
        for text in evidence.references:
            bucket = self._side.references.get(reference_key(text) or "", ())
            if len(bucket) == 1 and self._ledger.open(bucket[0]) == evidence.amount:
                item = self._side.items[bucket[0]]
                hit = Hit(bucket[0], Strength.STRONG, text, -1, reference=True)
                evidence.hits = {item.party: {bucket[0]: hit}}
                evidence.cautions.clear()
                return

    def _cautions(
        self,
        evidence: Evidence,
        covered: set[int],
        crowded: Sequence[tuple[Candidate, int]],
        settled: Sequence[tuple[int, Hit]],
    ) -> None:
        items = self._side.items
        for place, run in enumerate(evidence.title.runs):
            if run.claims and place not in covered:
                evidence.cautions.append(reason("number_not_open", found=run.found))
        if not evidence.hits and crowded:
            candidate, count = max(crowded, key=lambda pair: (pair[0].strength, pair[0].key))
            evidence.cautions.append(reason("number_ambiguous", number=candidate.found, count=count))
        still_open = {(items[at].party, items[at].number) for hits in evidence.hits.values() for at in hits}
        for at, hit in sorted(settled, key=lambda pair: age_key(items[pair[0]])):
            if hit.strength > Strength.WEAK and (items[at].party, items[at].number) not in still_open:
                number, entry = items[at].number or items[at].id, self._ledger.taken_by(at)
                said = reason("already_settled", number=number, entry=entry)
                if said not in evidence.cautions:
                    evidence.cautions.append(said)
