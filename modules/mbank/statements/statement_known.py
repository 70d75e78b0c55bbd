# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What the journals have of the bank's statements already.

Cancelled statements count as if they had never been imported: their entries
are free to come again.
"""
import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.tools import grouped_slice

# Values in one query: a usual day's statement takes one
SLICE = 500
# Entries named in one problem; of the others the number is told
NAMED = 20
# Of entries without a number the identity ends with their count
_OCCURRENCE = re.compile(r'(fp:.*:)(\d+)')


class Content(NamedTuple):
    """What an entry of the bank and one of the books must share to be the same

    An identity alone is not enough: it may be made of what a payer typed, and
    then another's payment would hide this one.
    """
    identity: str
    date: dt.date
    value_date: dt.date
    amount: Decimal
    currency: str

    @classmethod
    def of_entry(cls, entry, identity, currency):
        return cls(
            identity, entry.booking_date or entry.value_date,
            entry.value_date, entry.amount, currency)

    @classmethod
    def of_origin(cls, origin, journal):
        information = origin.information or {}
        return cls(
            origin.entry_identity, origin.date,
            information.get('mbank_value_date'), origin.amount,
            journal.currency.code)


@dataclass
class Version:
    "A statement of the books beside which one of the bank is laid"
    record: object
    key: str
    contents: list
    # The transaction number of each content
    numbers: dict
    is_correction: bool

    @classmethod
    def of_record(cls, record, origins):
        contents = [Content.of_origin(o, record.journal) for o in origins]
        return cls(
            record, record.mbank_key, contents,
            {c: o.transaction_number for c, o in zip(contents, origins)},
            bool(record.mbank_corrected))

    @property
    def order(self):
        "Prepared records, not saved yet, come last on their day"
        id_ = self.record.id
        return self.record.date, id_ is None or id_ < 0, id_ or 0


class Books:
    """What journals hold of the statements that are about to be imported

    blocks are tuples of journal, parsed statement, key, and contents of its
    entries. The number of queries does not grow with the number of entries.
    """

    def __init__(self, blocks):
        self.entries = defaultdict(set)
        self._versions = defaultdict(list)
        self._present = defaultdict(set)
        for journal, _, _, contents in blocks:
            self._present[journal].update(contents)
        ids = _holding(
            (b[0] for b in blocks), (c.identity for b in blocks for c in b[3]))
        ids.update(self._with_keys(blocks))
        ids.update(self._inside(blocks))
        self._load(ids)

    @staticmethod
    def _with_keys(blocks):
        pool = Pool()
        Statement = pool.get('account.statement')
        ids = set()
        for sub in grouped_slice(blocks, SLICE):
            sub = list(sub)
            ids.update(map(int, Statement.search([
                            ('journal', 'in', [b[0].id for b in sub]),
                            ('state', '!=', 'cancelled'),
                            ('mbank_key', 'in', [b[2] for b in sub]),
                            ])))
        return ids

    @staticmethod
    def _inside(blocks):
        "Statements of the days within statements of several days"
        pool = Pool()
        Statement = pool.get('account.statement')
        spans = [
            (journal.id, *span) for journal, parsed, _, _ in blocks
            if (span := _inner_days(parsed))]
        ids = set()
        for sub in grouped_slice(spans, SLICE):
            ids.update(map(int, Statement.search([
                            ('state', '!=', 'cancelled'),
                            ('mbank_key', '!=', None),
                            ['OR', *(
                                    [('journal', '=', j),
                                        ('date', '>', first),
                                        ('date', '<', last)]
                                    for j, first, last in sub)],
                            ])))
        return ids

    def _load(self, ids):
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        Statement = pool.get('account.statement')
        origins = defaultdict(list)
        for sub in grouped_slice(sorted(ids), SLICE):
            for origin in Origin.search([
                        ('statement', 'in', list(sub)),
                        ('entry_identity', '!=', None),
                        ], order=[('id', 'ASC')]):
                origins[origin.statement.id].append(origin)
        for record in Statement.browse(sorted(ids)):
            self.add(
                record.journal,
                Version.of_record(record, origins[record.id]))

    def add(self, journal, version):
        self._versions[journal].append(version)
        self.entries[journal].update(version.contents)

    def continued(self, journal, parsed, key, contents):
        """The contents, counted on after another statement of the same day

        Two statements of a day may each have an equal transfer without a
        number. The balances tell: one that opens where the other closes
        repeats nothing of it.
        """
        opening, closing = parsed.opening_balance, parsed.closing_balance
        others = [
            v for v in self.related(journal, parsed, key, contents)
            if v.key != key]
        if (not (opening and closing and others)
                or others[0].record.start_balance == opening.amount
                or others[-1].record.end_balance != opening.amount
                or opening.amount + sum(c.amount for c in contents)
                != closing.amount):
            return contents
        taken = {c.identity for v in others for c in v.contents}
        result = []
        for content in contents:
            identity = content.identity
            while identity in taken and (
                    match := _OCCURRENCE.fullmatch(identity)):
                identity = '%s%d' % (match[1], int(match[2]) + 1)
            taken.add(identity)
            result.append(content._replace(identity=identity))
        self._present[journal].update(result)
        return result

    def related(self, journal, parsed, key, contents):
        "The versions that speak of the same entries or days, in their order"
        wanted = set(contents)
        span = _inner_days(parsed)
        found = [
            v for v in self._versions[journal]
            if v.key == key
            or not wanted.isdisjoint(v.contents)
            or (span and span[0] < v.record.date < span[1])]
        return sorted(found, key=lambda v: v.order)

    def differences(self, journal, parsed, contents, new, related):
        """What the books have otherwise than the statement of the bank, in words

        An entry that the file has not any more, and, where it brings no entry
        that is new, other balances.
        """
        first, last = _days(parsed)
        gone = [
            (c, v.numbers[c]) for v in related for c in v.contents
            if c not in self._present[journal] and first <= c.date <= last]
        numbers = {
            e.transaction_number: c for e, c in new if e.transaction_number}
        for content, number in gone[:NAMED]:
            now = numbers.get(number)
            if now:
                yield gettext(
                    'mbank.msg_problem_entry_changed',
                    number=number, date=content.date.isoformat(),
                    amount=content.amount, now_date=now.date.isoformat(),
                    now_amount=now.amount)
            else:
                yield gettext(
                    'mbank.msg_problem_entry_gone',
                    date=content.date.isoformat(), amount=content.amount,
                    number=number or '-')
        if len(gone) > NAMED:
            yield gettext(
                'mbank.msg_problem_entries_gone', count=len(gone) - NAMED)
        if related and not new:
            yield from _balance_differences(parsed, related, first, last)


def with_entries(statements):
    "Ids of other statements, not cancelled, that share identities with these"
    return sorted(_holding(
            (s.journal for s in statements),
            (o.entry_identity for s in statements for o in s.origins
                if o.entry_identity)) - set(map(int, statements)))


def _holding(journals, identities):
    "Ids of the statements with such entries, save cancelled ones"
    pool = Pool()
    Origin = pool.get('account.statement.origin')
    journals = sorted({j.id for j in journals})
    ids = set()
    for sub in grouped_slice(sorted(set(identities)), SLICE):
        ids.update(o.statement.id for o in Origin.search([
                    ('statement.journal', 'in', journals),
                    ('statement.state', '!=', 'cancelled'),
                    ('entry_identity', 'in', list(sub)),
                    ]))
    return ids


def _balance_differences(parsed, related, first, last):
    opening, closing = parsed.opening_balance, parsed.closing_balance
    start, end = related[0].record, related[-1].record
    contents = [c for v in related for c in v.contents]
    # A statement of the books may be of more days than this one
    before = start.start_balance
    if opening and before is not None:
        before += sum(c.amount for c in contents if c.date < first)
    after = end.end_balance
    if closing and after is not None:
        after -= sum(c.amount for c in contents if c.date > last)
    if opening and before is not None and opening.amount != before:
        yield gettext(
            'mbank.msg_problem_opening_changed',
            date=opening.date.isoformat(), amount=opening.amount,
            before=before)
    if closing and after is not None and closing.amount != after:
        yield gettext(
            'mbank.msg_problem_closing_changed',
            date=closing.date.isoformat(), amount=closing.amount,
            before=after)


def _inner_days(parsed):
    "The balances between which a statement has days of its own, or None"
    opening, closing = parsed.opening_balance, parsed.closing_balance
    if opening and closing and opening.date + dt.timedelta(1) < closing.date:
        return opening.date, closing.date


def _days(parsed):
    "The first and the last day a statement tells of"
    days = [e.booking_date or e.value_date for e in parsed.entries]
    days += [
        b.date for b in (parsed.opening_balance, parsed.closing_balance) if b]
    return min(days, default=dt.date.max), max(days, default=dt.date.min)
