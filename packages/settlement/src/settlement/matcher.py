"""The matcher: open items in, a proposal for each entry out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from settlement.evidence import Evidence, Finder, read_entry
from settlement.folding import fold
from settlement.hypotheses import Hypothesis, Weigher
from settlement.index import Ledger, Side, age_key, build_sides
from settlement.parties import Parties
from settlement.readings import Strength
from settlement.reasons import reason
from settlement.titles import LONGEST_TEXT
from settlement.values import Allocation, Decision, Entry, Kind, MatchConfig, OpenItem, Proposal, Reason
from settlement.words import RETURNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_RETURN_SCORE: Final = 0.7


class Matcher:
    """Matches statement entries to open items.

    Building it indexes the items once; each entry then costs what its own words cost, not what there are items.
    A matcher does not change: what `match_all` settles is counted for that call only.
    """

    def __init__(self, items: Iterable[OpenItem], config: MatchConfig | None = None) -> None:
        """Index the items.

        Args:
            items: in any order, which does not matter for the result.
            config: settings; `MatchConfig()` if left out.

        Raises:
            ValueError: two items have the same id.
        """
        self._items = tuple(items)
        self._config = config or MatchConfig()
        if len({item.id for item in self._items}) < len(self._items):
            seen: set[str] = set()
            double = next(item.id for item in self._items if item.id in seen or seen.add(item.id))  # type: ignore[func-returns-value]
            raise ValueError(f"two open items have the id {double}: give each its own")
        self._sides = build_sides(self._items)
        self._parties = Parties(self._items)

    def match(self, entry: Entry) -> Proposal:
        """Say what settles one entry, all items being as open as they were given."""
        return self._match(entry, Ledger(self._items))[0]

    def match_all(self, entries: Iterable[Entry]) -> list[Proposal]:
        """Say what settles each of many entries.

        They are taken in the order of value date and id; what one settles automatically is no longer open for the
        next. The proposals come in the order of `entries`.

        Raises:
            ValueError: two entries have the same id.
        """
        given = list(entries)
        ledger = Ledger(self._items)
        proposals: dict[str, Proposal] = {}
        for entry in sorted(given, key=lambda one: (one.value_date, one.id)):
            if entry.id in proposals:
                raise ValueError(f"two entries have the id {entry.id}: give each its own")
            proposal, chosen = self._match(entry, ledger)
            proposals[entry.id] = proposal
            if proposal.decision is Decision.AUTOMATIC and chosen is not None:
                for at, amount in chosen.given:
                    side = self._sides[self._items[at].kind is Kind.RECEIVABLE, self._items[at].currency]
                    ledger.settle(at, amount, entry.id, side)
        return [proposals[entry.id] for entry in given]

    def _match(self, entry: Entry, ledger: Ledger) -> tuple[Proposal, Hypothesis | None]:
        if entry.amount == 0:
            return Proposal(entry.id, Decision.NONE, reasons=(reason("zero_amount"),)), None
        evidence, ksef = read_entry(entry, self._parties)
        side = self._sides.get((evidence.incoming, entry.currency))
        found: list[Hypothesis] = []
        if side is not None:
            Finder(side, ledger, self._config).find(evidence, ksef)
            weigher = Weigher(side, ledger, self._parties, self._config, evidence)
            found = self._ranked(weigher.hypotheses())
        if evidence.incoming:
            returned = self._return(evidence, ledger)
            if returned is not None and (not found or found[0].score < self._config.threshold):
                found = self._ranked([*found, returned])
        if not found or found[0].score < self._config.propose_from:
            return Proposal(entry.id, Decision.NONE, reasons=self._why_none(evidence, side, ledger)), None
        return self._decide(entry, found)

    def _ranked(self, hypotheses: Iterable[Hypothesis]) -> list[Hypothesis]:
        """The best first, each settlement once."""
        best: dict[tuple[tuple[str, str], ...], Hypothesis] = {}
        for one in hypotheses:
            given = tuple(sorted((self._items[at].id, str(amount)) for at, amount in one.given))
            known = best.get(given)
            if known is None or (one.score, one.automatic) > (known.score, known.automatic):
                best[given] = one
        ranked = sorted(best.items(), key=lambda pair: (-round(pair[1].score, 6), not pair[1].automatic, pair[0]))
        return [one for _, one in ranked]

    def _decide(self, entry: Entry, found: Sequence[Hypothesis]) -> tuple[Proposal, Hypothesis]:
        best = found[0]
        near = sum(1 for other in found[1:] if other.score >= best.score - self._config.margin)
        reasons = best.reasons
        if near:
            reasons = (*reasons, reason("ambiguous", count=near + 1))
        automatic = best.automatic and not near and best.score >= self._config.threshold
        proposal = Proposal(
            entry_id=entry.id,
            decision=Decision.AUTOMATIC if automatic else Decision.PROPOSE,
            allocations=tuple(Allocation(self._items[at].id, amount) for at, amount in best.given),
            score=round(best.score, 3),
            reasons=tuple({(one.code, one.text): one for one in reasons}.values()),
        )
        return proposal, best

    def _return(self, evidence: Evidence, ledger: Ledger) -> Hypothesis | None:
        """A sent payment that comes back: to be looked at by a person, always."""
        side = self._sides.get((False, evidence.entry.currency))
        if side is None:
            return None
        says_so = bool(
            evidence.comes_back or RETURNS.search(fold(evidence.entry.counterparty_name or "")[:LONGEST_TEXT])
        )
        named: dict[int, None] = {}
        for candidate in evidence.title.candidates:
            if candidate.strength > Strength.WEAK and not candidate.compact:
                bucket = side.numbers.get(candidate.key, ())
                named.update(dict.fromkeys(bucket if len(bucket) <= self._config.bucket_limit else ()))
        candidates = dict(named)
        for party in evidence.party.by_account:
            pool = side.party_pool(party)
            if pool:
                candidates.update(dict.fromkeys(pool.by_amount.get(evidence.amount, ())[: self._config.bucket_limit]))
        fitting = [
            at for at in candidates
            if self._items[at].kind is Kind.PAYMENT and ledger.open(at) == evidence.amount
            and (says_so or at not in named or self._items[at].party in evidence.party.by_account)
        ]  # fmt: skip
        if not fitting:
            return None
        fitting.sort(key=lambda at: age_key(self._items[at]))
        said = [reason("payment_return")]
        said.extend(evidence.party.reasons.get(self._items[fitting[0]].party, ()))
        said.append(reason("amount_exact", amount=evidence.amount, currency=evidence.entry.currency))
        if len(fitting) > 1:
            said.append(reason("ambiguous", count=len(fitting)))
        return Hypothesis(((fitting[0], evidence.amount),), _RETURN_SCORE, tuple(said), automatic=False)

    def _why_none(self, evidence: Evidence, side: Side | None, ledger: Ledger) -> tuple[Reason, ...]:
        said: list[Reason] = []
        for party in sorted(evidence.party.reasons):
            said.extend(evidence.party.reasons[party])
        said = said[:5]
        said.extend(evidence.cautions)
        said.extend(self._elsewhere(evidence))
        if side is not None and not said:
            bucket = side.by_amount.get(evidence.amount, ())
            same = sum(1 for at in bucket[: self._config.bucket_limit] if ledger.open(at) == evidence.amount)
            if same:
                said.append(reason("amount_only", count=same))
        return tuple({(one.code, one.text): one for one in said or [reason("no_evidence")]}.values())

    def _elsewhere(self, evidence: Evidence) -> list[Reason]:
        """The number named is open, but in another currency or for money going the other way."""
        here = (evidence.incoming, evidence.entry.currency)
        for way in sorted(self._sides):
            if way == here:
                continue
            side = self._sides[way]
            for candidate in evidence.title.candidates:
                if candidate.strength < Strength.STRONG or candidate.key not in side.numbers:
                    continue
                if way[0] == here[0]:
                    return [reason("currency_differs", number=candidate.found, currency=way[1])]
                if way[1] == here[1]:
                    return [reason("direction_differs", number=candidate.found)]
        return []
