"""Who the counterparty of an entry can be: by account, NIP and name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from settlement.folding import account_key, name_tokens, nip_key, virtual_key
from settlement.reasons import reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from settlement.values import OpenItem, Reason

ACCOUNT_WEIGHT: Final = 0.7
NIP_WEIGHT: Final = 0.5
NAME_WEIGHT: Final = 0.4
NAME_PART_WEIGHT: Final = 0.2
_MOST_BEARERS: Final = 60
"""A word that more parties bear does not find any."""
_MOST_ALIKE: Final = 20
"""A name that more parties have, or resemble, tells nothing."""


@dataclass(slots=True)
class PartyEvidence:
    """What points to which party."""

    weights: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    reasons: dict[str, list[Reason]] = field(default_factory=lambda: defaultdict(list))
    by_account: frozenset[str] = frozenset()
    by_nip: frozenset[str] = frozenset()
    by_name: frozenset[str] = frozenset()
    by_name_part: frozenset[str] = frozenset()
    by_virtual: frozenset[str] = frozenset()
    nips: dict[str, str] = field(default_factory=dict)
    """The NIP found of each party in `by_nip`."""

    def identified(self, party: str) -> bool:
        """Whether anything but a resemblance points to the party."""
        return self.numbered(party) or party in self.by_name

    def numbered(self, party: str) -> bool:
        """Whether an account or a NIP points to the party: names are borne by many."""
        return party in self.by_account or party in self.by_nip or party in self.by_virtual

    def spoken_for(self, party: str) -> bool:
        """Whether anything points to the party, be it a resemblance, if it is to no other."""
        alike = party in self.by_name_part and not self.by_name and len(self.by_name_part) == 1
        return alike or self.identified(party)

    def add(self, party: str, weight: float, said: Reason) -> None:
        """Note one piece of evidence."""
        self.weights[party].append(weight)
        self.reasons[party].append(said)


class Parties:
    """The parties of the open items."""

    def __init__(self, items: Iterable[OpenItem]) -> None:
        self._accounts: dict[str, list[str]] = {}
        self._nips: dict[str, list[str]] = {}
        self._virtual: dict[str, set[str]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._labels: dict[str, str] = {}
        self._joined: dict[str, list[str]] = {}
        self._words: dict[str, list[str]] = {}
        self._accounts_of: dict[str, set[str]] = {}
        for item in items:
            self._add(item)
        for bearers in (self._accounts, self._nips, self._joined):
            for parties in bearers.values():
                parties.sort()

    def _add(self, item: OpenItem) -> None:
        party = item.party
        known = self._accounts_of.setdefault(party, set())
        for account in item.party_accounts:
            key = account_key(account)
            if key and key not in known:
                known.add(key)
                self._accounts.setdefault(key, []).append(party)
        nip = nip_key(item.party_nip)
        if nip:
            bearers = self._nips.setdefault(nip, [])
            if party not in bearers:
                bearers.append(party)
        virtual = virtual_key(item.virtual_account)
        if virtual:
            self._virtual.setdefault(virtual, set()).add(party)
        label = item.party_name or party
        # Two spellings of one party: the smaller is kept, so that the order of the items does not matter.
        known_label = self._labels.get(party)
        if known_label is None or label < known_label:
            self._forget_name(party)
            self._labels[party] = label
            words = name_tokens(label)
            self._names[party] = words
            for word in words:
                self._words.setdefault(word, []).append(party)
            self._joined.setdefault("".join(words), []).append(party)

    def _forget_name(self, party: str) -> None:
        words = self._names.pop(party, ())
        for word in words:
            self._words[word].remove(party)
        if words:
            self._joined["".join(words)].remove(party)

    def label(self, party: str) -> str:
        """The party's name."""
        return self._labels.get(party, party)

    def accounts_of(self, party: str) -> set[str]:
        """Keys of the accounts known for a party."""
        return self._accounts_of.get(party, set())

    def shares_word(self, party: str, name: str | None) -> bool:
        """Whether a name has a word in common with the party's."""
        return bool(set(self._names.get(party, ())) & set(name_tokens(name)))

    def evidence(
        self, account: str | None, name: str | None, nips: Iterable[str], virtual: str | None = None
    ) -> PartyEvidence:
        """Weigh what an entry says of its counterparty; the virtual account is a key."""
        found = PartyEvidence()
        key = account_key(account)
        found.by_account = frozenset(self._accounts.get(key, ()) if key else ())
        for party in sorted(found.by_account):
            found.add(party, ACCOUNT_WEIGHT, reason("account_known", party=self.label(party)))
        by_nip = set()
        for nip in dict.fromkeys(nips):
            for party in self._nips.get(nip, ()):
                if party not in by_nip:
                    by_nip.add(party)
                    found.nips[party] = nip
                    found.add(party, NIP_WEIGHT, reason("nip", nip=nip, party=self.label(party)))
        found.by_nip = frozenset(by_nip)
        found.by_virtual = frozenset(self._virtual.get(virtual, ()) if virtual else ())
        full, part = self._by_name(name)
        for party in sorted(full):
            found.add(party, NAME_WEIGHT, reason("name", party=self.label(party)))
        for party in sorted(part):
            found.add(party, NAME_PART_WEIGHT, reason("name_part", party=self.label(party)))
        found.by_name, found.by_name_part = frozenset(full), frozenset(part)
        return found

    def _by_name(self, name: str | None) -> tuple[set[str], set[str]]:
        words = name_tokens(name)
        if not words:
            return set(), set()
        given = set(words)
        bearers = (self._words.get(word, ()) for word in words)
        candidates = {party for parties in bearers if len(parties) <= _MOST_BEARERS for party in parties}
        full = set(self._joined.get("".join(words), ()))
        part = set()
        for party in candidates:
            own = self._names[party]
            shared = [word for word in own if word in given]
            # Banks cut names off at 35 characters: the last word may be a beginning.
            cut = [word for word in own if word not in given and len(words[-1]) >= 3 and word.startswith(words[-1])]
            telling = any(len(word) >= 4 for word in shared)
            if len(shared) + len(cut) == len(own) and (telling or len(own) > 1):
                full.add(party)
            elif telling and 2 * len(shared) >= len(own):
                part.add(party)
        if len(full) > _MOST_ALIKE:
            return set(), set()
        own_words = {party: set(self._names[party]) for party in full}
        beaten = {a for a in full for b in full if own_words[a] < own_words[b]}
        part |= beaten
        return full - beaten, (part if len(part) <= _MOST_ALIKE else set())
