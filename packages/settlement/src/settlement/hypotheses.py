"""The possible settlements of one entry, each with its score and its reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from settlement.folding import fold, virtual_key
from settlement.index import Ledger, Pool, Side, age_key
from settlement.readings import Doubt, Strength
from settlement.reasons import reason
from settlement.sums import find_sums
from settlement.values import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from settlement.evidence import Evidence, Hit
    from settlement.parties import Parties
    from settlement.values import MatchConfig, Reason

VIRTUAL_WEIGHT: Final = 0.8
_EXACT: Final = 0.6
_SUM_UNNAMED: Final = 0.35
_DIFFERENCE: Final = 0.4
_PART: Final = 0.2
_OVER: Final = 0.05
_OLDEST_FIRST: Final = 0.1

_OF_OTHER: Final = 0.6
_DOUBT: Final = 0.85
_EARLY_UNNAMED_DAYS: Final = 7


@dataclass(slots=True)
class Fit:
    """How the amount can be given to items."""

    given: list[tuple[int, Decimal]]
    weight: float
    agrees: bool
    """Exactly, with all that was named: fit for an automatic settlement."""
    said: list[Reason] = field(default_factory=list)
    sort: str = "exact"
    """`exact`, `part`, `difference` or `other`."""


@dataclass(slots=True)
class Hypothesis:
    """One possible settlement."""

    given: tuple[tuple[int, Decimal], ...]
    score: float
    reasons: tuple[Reason, ...]
    automatic: bool
    """Nothing but its score and a competitor can keep it from being automatic."""


def _score(weights: Sequence[float]) -> float:
    """Each piece of evidence takes its share of the doubt that the others leave."""
    doubt = 1.0
    for weight in weights:
        doubt *= 1.0 - weight
    return 1.0 - doubt


class Weigher:
    """Makes the hypotheses of one entry from its evidence."""

    def __init__(self, side: Side, ledger: Ledger, parties: Parties, config: MatchConfig, evidence: Evidence) -> None:
        self._side = side
        self._items = side.items
        self._ledger = ledger
        self._parties = parties
        self._config = config
        self._evidence = evidence
        self._currency = evidence.entry.currency

    def hypotheses(self) -> Iterator[Hypothesis]:
        """All of them, in no particular order."""
        evidence = self._evidence
        for party, hits in evidence.hits.items():
            yield from self._named(party, hits)
        if len(evidence.sure_parties) > 1:
            yield from self._over_parties()
        virtual = self._side.virtual_pool(evidence.virtual) if evidence.virtual else None
        virtual_parties = virtual.parties if virtual else frozenset()
        for party in sorted(virtual_parties):
            if virtual and party not in evidence.sure_parties:
                yield from self._unnamed(party, virtual, by_virtual=True)
        for party in evidence.party.weights:
            pool = self._side.party_pool(party)
            if pool and party not in evidence.sure_parties and party not in virtual_parties:
                yield from self._unnamed(party, pool, by_virtual=False)

    # items that the text names

    def _named(self, party: str, hits: dict[int, Hit]) -> Iterator[Hypothesis]:
        sure = [hit for hit in hits.values() if hit.strength > Strength.WEAK]
        if sure:
            fit = self._fit_named(party, [hit.at for hit in sure])
            yield self._weigh_named(party, sure, fit)
            if fit.agrees:
                return
        if len(sure) < len(hits):
            fit = self._fit_named(party, list(hits))
            yield self._weigh_named(party, list(hits.values()), fit)

    def _fit_named(self, party: str, named: list[int]) -> Fit:
        named = self._without_paid(sorted(named, key=lambda at: age_key(self._items[at])))
        amount, opens = self._evidence.amount, [self._ledger.open(at) for at in named]
        total = sum(opens, Decimal(0))
        if total == amount:
            fit = self._whole(named)
            fit.agrees = True
            return fit
        one_number = len({self._identity(at) for at in named}) == 1
        same = [at for at, left in zip(named, opens, strict=True) if left == amount]
        if same:
            # Lines of one invoice are instalments: the oldest is paid first. Of numbers that differ only in the
            # word for "invoice" the amount chooses. Otherwise it left some out.
            alone = len({self._identity(at) for at in same}) == 1
            fit = self._whole(same[:1])
            fit.agrees = alone and len({self._side.form(at).key for at in named}) == 1
            if not fit.agrees:
                fit.said.append(reason("numbers_left_out"))
            return fit
        sums = find_sums(opens[: self._config.sum_items], amount, self._config.sum_steps)
        if sums:
            fit = self._whole([named[at] for at in sums[0]])
            fit.agrees = one_number and len(sums) == 1
            if not fit.agrees:
                fit.said.append(reason("numbers_left_out"))
            return fit
        return self._near_or_part(party, named, total)

    def _identity(self, at: int) -> tuple[str, str]:
        form = self._side.form(at)
        return form.prefix, form.key

    def _whole(self, chosen: Sequence[int]) -> Fit:
        given = [(at, self._ledger.open(at)) for at in chosen]
        if len(given) == 1:
            said = reason("amount_exact", amount=self._evidence.amount, currency=self._currency)
        else:
            said = reason("amount_sum", count=len(given))
        return Fit(given, _EXACT, agrees=False, said=[said])

    def _near_or_part(self, party: str, named: list[int], total: Decimal) -> Fit:
        amount = self._evidence.amount
        difference = amount - total
        if difference > 0:
            pool = self._side.party_pool(party)
            rest = self._exact(pool, difference, party) if pool else []
            rest = [at for at in rest if at not in named]
            if len(rest) == 1 and difference > self._config.tolerance:
                fit = self._whole([*named, *rest])
                fit.weight, fit.sort = _SUM_UNNAMED, "other"
                return fit
        if self._near(difference, total):
            said = reason("amount_difference", difference=difference, currency=self._currency)
            return Fit(self._oldest_first(named), _DIFFERENCE, agrees=False, said=[said], sort="difference")
        if difference < 0:
            said = reason("amount_part", amount=amount, open=total, currency=self._currency)
            return Fit(self._oldest_first(named), _PART, agrees=False, said=[said], sort="part")
        said = reason("amount_over", excess=difference, currency=self._currency)
        return Fit(self._oldest_first(named), _OVER, agrees=False, said=[said], sort="other")

    def _near(self, difference: Decimal, amount: Decimal) -> bool:
        # A difference of more than a tenth is no fee, however small the amount.
        return 0 < abs(difference) <= self._config.tolerance and 10 * abs(difference) <= amount

    def _oldest_first(self, chosen: Sequence[int]) -> list[tuple[int, Decimal]]:
        left, given = self._evidence.amount, []
        for at in chosen:
            part = min(left, self._ledger.open(at))
            if part > 0:
                given.append((at, part))
                left -= part
        return given

    def _weigh_named(self, party: str, named: Sequence[Hit], fit: Fit) -> Hypothesis:
        chosen = {at for at, _ in fit.given}
        used = [hit for hit in named if hit.at in chosen]
        weakest = min(used, key=lambda hit: hit.weight)
        said = [self._said(hit) for hit in sorted(used, key=lambda hit: age_key(self._items[hit.at]))]
        party_weights, party_said = self._party(party)
        known = self._evidence.party.identified(party) or len(party_weights) > len(
            self._evidence.party.weights.get(party, ())
        )
        identified = weakest.strength > Strength.WEAK or known
        if any(hit.crowded for hit in used) and not known:
            identified = False
        wanted = fit.agrees
        if fit.sort == "part" and self._config.automatic_part:
            wanted = known and len(fit.given) == len(named) == 1
        if fit.sort == "difference" and self._config.automatic_difference:
            wanted = known
        factor, doubts, clear = self._doubts(party, chosen, named=True)
        undecided = self._undecided(party, used, fit)
        return Hypothesis(
            given=tuple(fit.given),
            score=_score([weakest.weight, *party_weights, fit.weight]) * factor,
            reasons=(*said, *party_said, *fit.said, *undecided, *doubts),
            automatic=wanted and identified and clear and not undecided,
        )

    def _undecided(self, party: str, used: Sequence[Hit], fit: Fit) -> list[Reason]:
        """Why the digits found do not decide that it is these items, however well the amount agrees."""
        found, told = self._evidence.party, []
        known, several = found.numbered(party), len(fit.given) > 1
        for hit in used:
            number = self._items[hit.at].number or self._items[hit.at].id
            if hit.doubt is Doubt.WORD:
                paid_to = known and not self._evidence.incoming
                if not (paid_to or self._sure_without_number(party, fit)):
                    told.append(reason("number_other_word", found=hit.found, word=hit.word))
            elif hit.doubt is Doubt.DAY:
                if not (known and fit.agrees and (several or self._only_one(party))):
                    told.append(reason("number_maybe_day", found=hit.found, number=number))
            elif hit.doubt is Doubt.BARE and not (several or found.spoken_for(party)):
                told.append(reason("number_unsaid", found=hit.found, party=self._parties.label(party)))
        if not (several or found.spoken_for(party) or used[0].ksef):
            told.extend(self._shared(party, used[0]))
        return told

    def _sure_without_number(self, party: str, fit: Fit) -> bool:
        """Whether the account the money came from or in on decides alone, nothing of the party's having this amount
        beside the item.
        """
        found = self._evidence.party
        by_account = party in found.by_account or party in found.by_virtual
        return by_account and fit.agrees and len(fit.given) == 1 and self._only_one(party)

    def _only_one(self, party: str) -> bool:
        """Whether the party has one item of exactly this amount, instalments of one invoice being one."""
        pool = self._side.party_pool(party)
        exact = self._exact(pool, self._evidence.amount, party) if pool else []
        return len({self._identity(at) for at in exact}) == 1

    def _shared(self, party: str, hit: Hit) -> list[Reason]:
        """The doubt of a number that only the amount supports, where others have the amount too: one wrong digit
        would name one of them.
        """
        amount, item = self._evidence.amount, self._items[hit.at]
        count = self._ledger.with_amount(self._side, amount)
        pool = self._side.party_pool(party) if count > 1 else None
        if pool is None or item.kind is Kind.PAYMENT or self._ledger.open(hit.at) != amount:
            return []
        same = [
            at for at in pool.by_key(self._side.form(hit.at).key)
            if self._ledger.open(at) == amount and self._identity(at) == self._identity(hit.at)
        ]  # fmt: skip
        if count <= len(same):
            return []
        return [reason("amount_shared", count=count, party=self._parties.label(party))]

    def _said(self, hit: Hit) -> Reason:
        item = self._items[hit.at]
        number = item.number or item.id
        if hit.ksef:
            return reason("ksef", ksef=item.ksef)
        if hit.reference:
            return reason("reference", reference=hit.found, number=number)
        if hit.strength is Strength.WEAK:
            return reason("invoice_number_part", number=number, found=hit.found)
        if hit.run == 0 and self._evidence.split_payment:
            return reason("invoice_number_split_payment", number=number, found=hit.found)
        return reason("invoice_number", number=number, found=hit.found)

    def _over_parties(self) -> Iterator[Hypothesis]:
        """Items of several parties, each named without doubt: one payer for a group of firms."""
        by_run: dict[int, list[Hit]] = {}
        for hits in self._evidence.hits.values():
            for hit in hits.values():
                if hit.strength > Strength.WEAK:
                    by_run.setdefault(hit.run, []).append(hit)
        named = [hits[0] for hits in by_run.values() if len(hits) == 1]
        parties = {self._items[hit.at].party for hit in named}
        total = sum((self._ledger.open(hit.at) for hit in named), Decimal(0))
        if len(named) < len(by_run) or len(parties) < 2 or total != self._evidence.amount:
            return
        fit = self._whole(sorted((hit.at for hit in named), key=lambda at: age_key(self._items[at])))
        said = [self._said(hit) for hit in sorted(named, key=lambda hit: age_key(self._items[hit.at]))]
        doubt = reason("several_parties", count=len(parties))
        score = _score([min(hit.weight for hit in named), fit.weight])
        yield Hypothesis(tuple(fit.given), score, (*said, *fit.said, doubt), automatic=False)

    # items of a party that the text does not name

    def _unnamed(self, party: str, pool: Pool, *, by_virtual: bool) -> Iterator[Hypothesis]:
        evidence = self._evidence
        fit, unique = self._fit_unnamed(party, pool, by_virtual=by_virtual)
        if fit is None:
            return
        chosen = {at for at, _ in fit.given}
        weights, said = self._party(party)
        factor, doubts, clear = self._doubts(party, chosen, named=False)
        if self._names_other(party):
            factor *= _OF_OTHER
            doubts.append(reason("number_names_other"))
            clear = False
        strong = by_virtual or party in evidence.party.by_account
        yield Hypothesis(
            given=tuple(fit.given),
            score=_score([*weights, fit.weight]) * factor,
            reasons=(*said, *fit.said, *doubts),
            automatic=strong and unique and fit.agrees and clear,
        )

    def _names_other(self, party: str) -> bool:
        """Whether the text names other items than those that only the party and the amount point to."""
        if self._evidence.sure_parties:
            return True
        for other, hits in self._evidence.hits.items():
            for hit in hits.values():
                if other == party:
                    if hit.strength > Strength.WEAK:
                        return True
                elif hit.alone and self._ledger.open(hit.at) == self._evidence.amount:
                    return True
        return False

    def _fit_unnamed(self, party: str, pool: Pool, *, by_virtual: bool) -> tuple[Fit | None, bool]:
        evidence, amount = self._evidence, self._evidence.amount
        exact = self._exact(pool, amount, party)
        if exact:
            fit = self._whole(exact[:1])
            fit.agrees = True
            if len(exact) > 1:
                fit.said.append(reason("ambiguous", count=len(exact)))
            return fit, len(exact) == 1
        self._caution_settled(pool)
        if evidence.cautions or not (by_virtual or evidence.party.identified(party)):
            return None, False
        return self._fit_inexactly(party, pool, by_account=by_virtual or party in evidence.party.by_account), False

    def _caution_settled(self, pool: Pool) -> None:
        """If an item of exactly this amount was settled before, the entry may be a double payment."""
        for at in pool.by_amount.get(self._evidence.amount, ()):
            taken = self._ledger.taken_by(at)
            if taken is not None:
                said = reason("already_settled", number=self._items[at].number or self._items[at].id, entry=taken)
                if said not in self._evidence.cautions:
                    self._evidence.cautions.append(said)
                return

    def _fit_inexactly(self, party: str, pool: Pool, *, by_account: bool) -> Fit | None:
        amount, oldest = self._evidence.amount, self._oldest(pool, party)
        opens = [self._ledger.open(at) for at in oldest]
        near = [at for at in oldest if self._near(amount - self._ledger.open(at), amount)]
        if len(near) == 1:
            difference = amount - self._ledger.open(near[0])
            said = reason("amount_difference", difference=difference, currency=self._currency)
            return Fit(self._oldest_first(near), _DIFFERENCE, agrees=False, said=[said])
        sums = find_sums(opens, amount, self._config.sum_steps)
        if sums:
            fit = self._whole([oldest[at] for at in sums[0]])
            fit.weight = _SUM_UNNAMED
            if len(sums) > 1:
                fit.said.append(reason("ambiguous", count=len(sums)))
            return fit
        total = sum(opens, Decimal(0))
        # Where the list was cut off there may be more items than were looked at.
        unseen = len(oldest) == self._config.sum_items and amount > total
        return self._rest(oldest, total) if oldest and by_account and not unseen else None

    def _rest(self, oldest: list[int], total: Decimal) -> Fit:
        amount = self._evidence.amount
        given = self._oldest_first(oldest)
        if amount > total:
            said = reason("amount_over", excess=amount - total, currency=self._currency)
            return Fit(given, _OVER, agrees=False, said=[said])
        if len(oldest) == 1:
            said = reason("amount_part", amount=amount, open=total, currency=self._currency)
            return Fit(given, _PART, agrees=False, said=[said])
        return Fit(given, _OLDEST_FIRST, agrees=False, said=[reason("amount_oldest_first")])

    def _exact(self, pool: Pool, amount: Decimal, party: str) -> list[int]:
        """The party's open items with exactly this amount, oldest first; three are enough for doubt."""
        found: list[int] = []
        for at in self._ledger.alive(pool.by_amount.get(amount, [])):
            if self._ledger.open(at) == amount and self._items[at].party == party:
                found.append(at)
                if len(found) == 3:
                    break
        found.extend(
            at for at in self._ledger.part_settled(party) if self._ledger.open(at) == amount and at in pool.members
        )
        return self._without_paid(sorted(found, key=lambda at: age_key(self._items[at])))

    def _without_paid(self, chosen: list[int]) -> list[int]:
        """Leave out payables for which a payment with the same number was sent: the money is the payment's."""
        sent = {self._identity(at) for at in chosen if self._items[at].kind is Kind.PAYMENT}
        if not sent:
            return chosen
        return [at for at in chosen if self._items[at].kind is Kind.PAYMENT or self._identity(at) not in sent]

    def _oldest(self, pool: Pool, party: str) -> list[int]:
        found: list[int] = []
        for at in self._ledger.alive(pool.order):
            if self._ledger.open(at) and self._items[at].party == party:
                found.append(at)
                if len(found) == self._config.sum_items:
                    break
        return found

    # for and against a party

    def _party(self, party: str) -> tuple[list[float], list[Reason]]:
        weights = list(self._evidence.party.weights.get(party, ()))
        said = list(self._evidence.party.reasons.get(party, ()))
        virtual = self._evidence.virtual
        pool = self._side.virtual_pool(virtual) if virtual else None
        if pool and party in pool.parties:
            weights.insert(0, VIRTUAL_WEIGHT)
            said.insert(0, reason("virtual_account", account=self._evidence.entry.virtual_account or virtual))
        return weights, said

    def _doubts(self, party: str, chosen: set[int], *, named: bool) -> tuple[float, list[Reason], bool]:
        factor, doubts = 1.0, list(self._evidence.cautions)
        # A number that is not open may stand beside one that is; without any, it speaks against the party's others.
        if doubts and not named:
            factor *= _DOUBT
        against = [*self._against_party(party, named=named), *self._against_items(chosen)]
        factor *= min((weight for weight, _ in against), default=1.0)
        doubts.extend(said for _, said in against)
        doubts.extend(self._other_words(chosen))
        for at in sorted(chosen, key=lambda at: age_key(self._items[at])):
            item = self._items[at]
            days = (item.date - self._evidence.entry.value_date).days if item.date else 0
            if days > (self._config.early_days if named else _EARLY_UNNAMED_DAYS):
                factor *= _DOUBT
                doubts.append(reason("paid_early", days=days, number=item.number or item.id))
                break
        return factor, doubts, not doubts

    def _other_words(self, chosen: set[int]) -> list[Reason]:
        """Words that make the money no payment of these items; a payment we sent is known by its own number."""
        evidence = self._evidence
        items = [self._items[at] for at in chosen if self._items[at].kind is not Kind.PAYMENT]
        told = []
        if evidence.comes_back and items:
            told.append(reason("comes_back", word=evidence.comes_back))
        if evidence.other_debt and any(evidence.other_debt not in fold(item.number) for item in items):
            told.append(reason("other_debt", word=evidence.other_debt))
        return told

    def _against_items(self, chosen: set[int]) -> list[tuple[float, Reason]]:
        """A party may have a virtual account for each contract."""
        virtual, account = self._evidence.virtual, self._evidence.entry.virtual_account or self._evidence.virtual
        if not virtual:
            return []
        for at in sorted(chosen, key=lambda at: age_key(self._items[at])):
            item = self._items[at]
            if virtual_key(item.virtual_account) not in (None, virtual):
                number = item.number or item.id
                told = reason("virtual_account_differs", number=number, own=item.virtual_account, account=account)
                return [(_OF_OTHER, told)]
        return []

    def _against_party(self, party: str, *, named: bool) -> list[tuple[float, Reason]]:
        """What the entry says that contradicts the party; whatever else agrees, a person looks at it."""
        found, entry, against = self._evidence.party, self._evidence.entry, []
        if found.by_virtual and party not in found.by_virtual:
            account = entry.virtual_account or self._evidence.virtual
            label = self._parties.label(min(found.by_virtual))
            against.append((_OF_OTHER, reason("virtual_account_of_other", account=account, party=label)))
        if found.by_nip and party not in found.by_nip:
            other = min(found.by_nip)
            told = reason("nip_of_other", nip=found.nips[other], party=self._parties.label(other))
            against.append((_DOUBT, told))
        against.extend(self._against_payer(party, named=named))
        return against

    def _against_payer(self, party: str, *, named: bool) -> list[tuple[float, Reason]]:
        found, entry = self._evidence.party, self._evidence.entry
        if party in found.by_account and (named or party in found.by_name_part):
            return []
        if found.by_account and party not in found.by_account:
            return [(_OF_OTHER, reason("account_of_other", party=self._parties.label(min(found.by_account))))]
        # Of an account that several use the name tells whose debt is paid, if nothing else does.
        if found.by_name and party not in found.by_name:
            weight = _DOUBT if party in found.by_name_part else _OF_OTHER
            return [(weight, reason("name_of_other", party=self._parties.label(min(found.by_name))))]
        # Who sends money sends it to an account; who gets it may be paid from any.
        if not self._evidence.incoming and party not in found.by_account:
            label = self._parties.label(party)
            if entry.counterparty_account and self._parties.accounts_of(party):
                return [(_DOUBT, reason("account_differs", party=label))]
            if entry.counterparty_name and not self._parties.shares_word(party, entry.counterparty_name):
                return [(_DOUBT, reason("name_differs", party=label))]
        return []
