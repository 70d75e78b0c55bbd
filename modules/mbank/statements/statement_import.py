# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""From the bank's statements to account.statement, without doubles.

A statement is known by its content. The entries the journal has are left out
and said; those that are new come as a statement of their own, a correction
where their day was imported before. What does not fit, in itself or with what
was imported, is stored as a problem, so that nothing of it is settled unseen.
"""
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from sql import Table

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.tools import grouped_slice
from trytond.transaction import Transaction

from .. import gateway
from ..clock import utcnow
from .statement_known import SLICE, Books, Content, Version

# Reports of the running day: the booked statement brings the same entries
# L-455
INTRADAY = {'MT942', 'CAMT.052'}


@dataclass
class Imported:
    "What became of the statements of one file"
    statements: list = field(default_factory=list)
    known: list = field(default_factory=list)
    unknown: list = field(default_factory=list)
    intraday: list = field(default_factory=list)
    # What the bank says otherwise than before, and the statements so marked
    differing: list = field(default_factory=list)
    marked: list = field(default_factory=list)
    # Corrections of statements that come with the same file
    links: list = field(default_factory=list)
    # Of what was saved: id, name, number of entries
    new: list = field(default_factory=list)

    @property
    def messages(self):
        return self.differing + self.known + self.unknown + self.intraday

    def keep_ids(self):
        "Keep of the records what serves when their transaction is over"
        self.new += [
            (s.id, s.name, s.number_of_lines) for s in self.statements]
        self.statements, self.marked = [], []

    def add(self, other):
        for name in ['new', 'known', 'unknown', 'intraday', 'differing']:
            getattr(self, name).extend(getattr(other, name))


@dataclass
class Part:
    "Entries of one statement of the bank that become one of the books"
    date: dt.date
    start: Decimal
    end: Decimal
    entries: list
    first_day: dt.date
    late: bool = False


def journals_by_account(company, statements):
    "Return the lists of statement journals by account number and currency"
    pool = Pool()
    Journal = pool.get('account.statement.journal')
    accounts = {gateway.normal_form(s.account) for s in statements}
    result = defaultdict(list)
    for journal in Journal.search([
                ('company', '=', company.id),
                ('bank_account', '!=', None),
                ],
            order=[('id', 'ASC')]):
        numbers = {gateway.normal_form(n.number) for n in journal.bank_account.numbers}
        for number in numbers & accounts:
            result[number, journal.currency.code].append(journal)
    return result


def hold(journals):
    """Let no other transaction import into the journals at the same time

    Two imports at once would not see each other's entries. A row written is
    a conflict at REPEATABLE READ, whereupon the later one is run again. One
    after the other in the order of their ids, so that no two wait for each
    other.
    """
    journal = Table('account_statement_journal')
    cursor = Transaction().connection.cursor()
    for id_ in sorted({j.id for j in journals}):
        cursor.execute(*journal.update(
                [journal.name], [journal.name], where=journal.id == id_))


def statement_key(parsed):
    "The name the bank gives a statement: account, number and days"
    days = [
        b.date.isoformat() if b else ''
        for b in (parsed.opening_balance, parsed.closing_balance)]
    if not any(days):
        days = sorted({e.value_date.isoformat() for e in parsed.entries})
    return '|'.join([
            gateway.normal_form(parsed.account), parsed.currency,
            parsed.number or '', *days])


def is_period(key):
    "Whether the statement of the key is of more than a day"
    try:
        opening, closing = map(
            dt.date.fromisoformat, (key or '').split('|')[-2:])
    except ValueError:
        return False
    # Some banks date the opening balance on the day before
    return closing - opening > dt.timedelta(days=1)


def prepare(company, parsed, report=None, fresh=False, only=None):
    """Return the Imported of the parsed statements, not saved

    report is where they come from, fresh if the bank has given it just now;
    only names the blocks to take, from 1.
    The number of queries does not depend on the number of entries.
    """
    result = Imported()
    journals = journals_by_account(company, parsed)
    booked = []
    for block, statement in enumerate(parsed, 1):
        if only is not None and block not in only:
            continue
        found = journals[gateway.normal_form(statement.account), statement.currency]
        if statement.format.upper() in INTRADAY:
            result.intraday.append(gettext(
                    'mbank.msg_statement_intraday',
                    source=statement.source,
                    account=statement.account))
        elif not found:
            result.unknown.append(gettext(
                    'mbank.msg_statement_account_unknown',
                    source=statement.source,
                    account=statement.account or '?',
                    currency=statement.currency,
                    company=company.rec_name))
        elif len(found) > 1:
            result.unknown.append(gettext(
                    'mbank.msg_statement_account_ambiguous',
                    source=statement.source,
                    account=statement.account,
                    currency=statement.currency,
                    journals=', '.join(j.rec_name for j in found)))
        else:
            booked.append((block, found[0], statement))
    hold(j for _, j, _ in booked)
    booked.sort(key=lambda b: (b[1].id, _last_day(b[2]), b[2].serial or 0))

    contents = [
        [Content.of_entry(e, i, s.currency)
            for e, i in zip(s.entries, gateway.entry_identities(s))]
        for _, _, s in booked]
    books = Books([
            (j, s, statement_key(s), c)
            for (_, j, s), c in zip(booked, contents)])
    parties = parties_by_account(
        e.counterparty_account for _, _, s in booked for e in s.entries)
    for (block, journal, statement), content in zip(booked, contents):
        for record in _import(
                result, company, journal, statement, content, books, parties,
                report, fresh):
            record.mbank_block = block
            result.statements.append(record)
    marked = {r.id: r for r in result.marked if _is_saved(r)}
    _look_at_neighbours(result.statements, marked)
    result.marked = list(marked.values())
    return result


def _is_saved(record):
    return record.id is not None and record.id >= 0


def _import(
        result, company, journal, statement, contents, books, parties,
        report, fresh):
    "Return the new records of one statement and say what became of the rest"
    key = statement_key(statement)
    name = _name(journal, statement, _last_day(statement))
    known = books.entries[journal]
    contents = books.continued(journal, statement, key, contents)
    new = [
        (e, c) for e, c in zip(statement.entries, contents)
        if c not in known]
    related = books.related(journal, statement, key, contents)
    newer = None if fresh else _newer_report(related, report)
    differences = [] if newer else list(
        books.differences(journal, statement, contents, new, related))
    if not new and related:
        _note_known(
            result, statement, name, related[-1].record, differences, newer)
        return []

    opening, closing, problems = _balances(statement)
    problems += differences
    if newer:
        problems.append(gettext(
                'mbank.msg_problem_older', report=newer.rec_name))
    # One before may have been cancelled
    first_part = max(
        (v.record.mbank_part or 0 for v in related if v.key == key),
        default=-1) + 1
    corrections = sum(v.is_correction for v in related)
    records = []
    for place, part in enumerate(
            _parts(statement, contents, known, opening, closing)):
        record = _record(company, journal, statement, part, parties)
        if part.late:
            corrections += 1
            record.name = gettext(
                'mbank.msg_statement_correction',
                statement=record.name, number=corrections)
            corrected = _corrected(part, related)
            if _is_saved(corrected):
                record.mbank_corrected = corrected
            else:
                result.links.append((record, corrected))
        record.mbank_key = key
        record.mbank_part = first_part + place
        record.mbank_report = report
        record.mbank_problems = '\n'.join(dict.fromkeys(problems)) or None
        records.append((record, part))
    if len(new) < len(statement.entries):
        result.known.append(gettext(
                'mbank.msg_entries_known',
                source=statement.source,
                statement=name,
                count=len(statement.entries) - len(new)))
    for record, part in records:
        books.add(journal, Version(
                record, key, [c for _, c in part.entries],
                {c: e.transaction_number for e, c in part.entries},
                part.late))
    return [r for r, _ in records]


def _note_known(result, statement, name, record, differences, newer):
    "Say of a statement that brings no new entry how it compares"
    if newer:
        result.known.append(gettext(
                'mbank.msg_statement_older',
                source=statement.source, statement=name,
                report=newer.rec_name))
        return
    noted = (record.mbank_problems or '').splitlines()
    if not differences or (
            record.problems_reviewed and set(differences) <= set(noted)):
        result.known.append(gettext(
                'mbank.msg_statement_known',
                source=statement.source, statement=name))
        return
    result.differing.append(gettext(
            'mbank.msg_statement_differs',
            source=statement.source, statement=record.name,
            problems=' '.join(differences)))
    if not set(differences) <= set(noted):
        record.add_import_problems(differences)
    result.marked.append(record)


def _newer_report(related, report):
    "A report that was fetched after this one and tells of the same"
    if report:
        return next((
                v.record.mbank_report for v in related
                if v.record.mbank_report
                and v.record.mbank_report.id > report.id), None)


def _corrected(part, related):
    "The first statement of the days of the entries that came late"
    days = {c.date for _, c in part.entries}
    return next((
            v.record for v in related
            if v.record.date in days
            or not days.isdisjoint(c.date for c in v.contents)),
        related[0].record)


def _parts(statement, contents, known, opening, closing):
    """Part the new entries so that the balances of the journal stay a chain

    Days of which the journal has nothing come at their place. New entries of
    a day it has come after all others, for the later statements it has do not
    count them.
    """
    pairs = list(zip(statement.entries, contents))
    last_day = _last_day(statement)
    if not any(c in known for c in contents):
        return [Part(
                last_day, opening, closing, pairs, _first_day(statement))]
    parts, late, run = [], [], None
    running = opening
    pairs.sort(key=lambda p: p[1].date)
    for day, group in groupby(pairs, key=lambda p: p[1].date):
        group = list(group)
        fresh = [p for p in group if p[1] not in known]
        if len(fresh) < len(group):
            run = None
            late += fresh
            group = [p for p in group if p[1] in known]
        elif not run:
            run = Part(day, running, running, [], day)
            parts.append(run)
        running += sum(e.amount for e, _ in group)
        if run:
            run.date, run.end = day, running
            run.entries += fresh
    if late:
        added = sum(e.amount for e, _ in late)
        total = sum(e.amount for e in statement.entries)
        parts.append(Part(
                last_day, opening + total - added, closing, late, last_day,
                late=True))
    elif run:
        run.date, run.end = last_day, closing
    return parts


def _look_at_neighbours(records, marked):
    """Note where statements do not follow each other

    Drafts after the new ones are looked at again and put among the marked, by
    id. What follows and is no draft any more is told of on the new one.
    """
    for journal, group in groupby(
            sorted(records, key=lambda r: r.journal.id),
            key=lambda r: r.journal):
        new = sorted(group, key=lambda r: r.date)
        chain = [(marked.get(r.id, r), False) for r in _around(
                journal, new[0].date, new[-1].date)]
        chain += [(r, True) for r in new]
        # On one day those that are saved come first
        chain.sort(key=lambda c: c[0].date)
        before, before_new = None, False
        for record, is_new in chain:
            if is_new:
                record.set_import_problems(before)
            elif before_new and record.mbank_key:
                if record.state == 'draft':
                    record.set_import_problems(before)
                    marked[record.id] = record
                elif record.start_balance != before.end_balance:
                    before.add_import_problems([gettext(
                                'mbank.msg_problem_next',
                                next=record.name,
                                opening=record.start_balance,
                                closing=before.end_balance)])
            before, before_new = record, is_new


def _around(journal, first, last):
    "The statements of the days, the one before and the one after, in order"
    pool = Pool()
    Statement = pool.get('account.statement')
    between = Statement.search([
            ('journal', '=', journal.id),
            ('date', '>=', first),
            ('date', '<=', last),
            ('state', '!=', 'cancelled'),
            ],
        order=[('date', 'ASC'), ('id', 'ASC')])
    before, after = (
        Statement.search([
                ('journal', '=', journal.id),
                ('date', operator, date),
                ('state', '!=', 'cancelled'),
                ],
            order=[('date', order), ('id', order)], limit=1)
        for operator, date, order in [
            ('<', first, 'DESC'), ('>', last, 'ASC')])
    return [*before, *between, *after]


def save(imported):
    "Save the prepared statements and those that were marked; settle them soon"
    pool = Pool()
    Statement = pool.get('account.statement')
    Statement.save(imported.statements)
    save_marks(imported)
    Statement.settle_later(imported.statements)


def save_marks(imported):
    "What can be noted only when the new statements are saved"
    pool = Pool()
    Statement = pool.get('account.statement')
    for record, corrected in imported.links:
        record.mbank_corrected = corrected
    Statement.save([r for r, _ in imported.links])
    Statement.save(imported.marked)


def parties_by_account(accounts):
    "The party of each account number that has just one owner"
    pool = Pool()
    Number = pool.get('bank.account.number')
    accounts = {gateway.normal_form(a) for a in accounts if a}
    owners = defaultdict(set)
    # An NRB may have been entered as a number of another type
    wanted = sorted(accounts | {a[2:] for a in accounts if a[:2] == 'PL'})
    for sub in grouped_slice(wanted, SLICE):
        for number in Number.search([('number', 'in', list(sub))]):
            owners[gateway.normal_form(number.number)].update(number.account.owners)
    return {a: o.pop() for a, o in owners.items() if len(o) == 1}


def _last_day(parsed):
    if parsed.closing_balance:
        return parsed.closing_balance.date
    days = [e.booking_date or e.value_date for e in parsed.entries]
    if days:
        return max(days)
    if parsed.opening_balance:
        return parsed.opening_balance.date
    return Pool().get('ir.date').today()


def _first_day(parsed):
    "The first day that is wholly in the statement"
    last_day, opening = _last_day(parsed), parsed.opening_balance
    if not opening or opening.date >= last_day:
        return last_day
    # Banks date it on the first day, or on the one before
    if any((e.booking_date or e.value_date) == opening.date
            for e in parsed.entries):
        return opening.date
    return opening.date + dt.timedelta(1)


def _name(journal, parsed, day):
    number = parsed.number or parsed.reference
    return ' '.join(filter(None, [number, day.isoformat(), journal.name]))


def _balances(parsed):
    "Opening and closing balance, made up where one lacks, and the problems"
    total = sum((e.amount for e in parsed.entries), Decimal(0))
    opening = parsed.opening_balance.amount if parsed.opening_balance else None
    closing = parsed.closing_balance.amount if parsed.closing_balance else None

    problems = [
        ': '.join(filter(None, [p.place, p.text])) for p in parsed.problems]
    others = {e.currency for e in parsed.entries} - {parsed.currency}
    if others:
        problems.append(gettext(
                'mbank.msg_problem_currency',
                currency=parsed.currency, others=', '.join(sorted(others))))
    if opening is None:
        problems.append(gettext('mbank.msg_problem_no_opening'))
    if closing is None:
        problems.append(gettext('mbank.msg_problem_no_closing'))
    if opening is None and closing is None:
        opening, closing = Decimal(0), total
    elif opening is None:
        opening = closing - total
    elif closing is None:
        closing = opening + total
    elif opening + total != closing:
        problems.append(gettext(
                'mbank.msg_problem_balance',
                opening=opening, total=total, closing=closing))
    return opening, closing, problems


def _record(company, journal, parsed, part, parties):
    pool = Pool()
    Statement = pool.get('account.statement')
    Origin = pool.get('account.statement.origin')
    return Statement(
        name=_name(journal, parsed, part.date),
        company=company,
        journal=journal,
        date=part.date,
        start_balance=part.start,
        end_balance=part.end,
        total_amount=sum((e.amount for e, _ in part.entries), Decimal(0)),
        number_of_lines=len(part.entries),
        origins=[
            _origin(Origin, entry, content.identity, parties)
            for entry, content in part.entries],
        mbank_number=parsed.number,
        mbank_account=parsed.account,
        mbank_first_day=part.first_day,
        mbank_corrected=None,
        mbank_imported_at=utcnow())


def _origin(Origin, entry, identity, parties):
    information = {
        'mbank_type': entry.type,
        'mbank_customer_reference': entry.customer_reference,
        'mbank_bank_reference': entry.bank_reference,
        'mbank_counterparty_address': entry.counterparty_address,
        'mbank_value_date': entry.value_date,
        'mbank_details': '; '.join(
            '%s: %s' % d for d in sorted(entry.details.items())) or None,
        }
    return Origin(
        number=entry.transaction_number or entry.bank_reference,
        date=entry.booking_date or entry.value_date,
        amount=entry.amount,
        party=parties.get(gateway.normal_form(entry.counterparty_account or '')),
        description=' '.join(entry.remittance.split()) or entry.code_name,
        information={k: v for k, v in information.items() if v},
        entry_identity=identity,
        transaction_number=entry.transaction_number,
        entry_code=entry.code,
        entry_code_name=entry.code_name,
        remittance=entry.remittance or None,
        counterparty_account=entry.counterparty_account,
        counterparty_name=entry.counterparty_name,
        virtual_account=entry.virtual_account,
        customer_reference=entry.customer_reference,
        bank_reference=entry.bank_reference,
        entry_details=dict(entry.details) or None)
