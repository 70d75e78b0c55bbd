# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""From the bank's statements to account.statement, without doubles.

An entry is known by its identity within the journal, a statement by its key.
What was imported before is left out and said. What does not fit is stored as
a problem of the statement, so that nothing of it is settled unseen.
"""
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from sql import Table

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.tools import grouped_slice
from trytond.transaction import Transaction

from . import gateway

# Reports of the running day: the booked statement brings the same entries
# L-455
INTRADAY = {'MT942', 'CAMT.052'}
# Values in one query: a usual day's statement takes one
SLICE = 500


@dataclass
class Imported:
    "What became of the statements of one file"
    statements: list = field(default_factory=list)
    known: list = field(default_factory=list)
    unknown: list = field(default_factory=list)
    intraday: list = field(default_factory=list)

    @property
    def messages(self):
        return self.known + self.unknown + self.intraday


def compact(number):
    "The account number as it is compared: an NRB gets its country"
    number = ''.join((number or '').split()).replace('-', '').upper()
    if len(number) == 26 and number.isdigit():
        number = 'PL' + number
    return number


def journals_by_account(company, statements):
    "Return the statement journals by account number and currency"
    pool = Pool()
    Journal = pool.get('account.statement.journal')
    accounts = {compact(s.account) for s in statements}
    result = {}
    for journal in Journal.search([
                ('company', '=', company.id),
                ('bank_account', '!=', None),
                ]):
        for number in journal.bank_account.numbers:
            if (number_compact := compact(number.number)) in accounts:
                result[number_compact, journal.currency.code] = journal
    return result


def hold(journals):
    """Let no other transaction import into the journals at the same time

    Two imports at once would not see each other's entries. A row written is
    a conflict at REPEATABLE READ, whereupon the later one is run again.
    """
    journal = Table('account_statement_journal')
    cursor = Transaction().connection.cursor()
    for sub_ids in grouped_slice(sorted({j.id for j in journals}), SLICE):
        cursor.execute(*journal.update(
                [journal.name], [journal.name],
                where=journal.id.in_(list(sub_ids))))


def statement_key(parsed):
    "What makes the statement known when it comes again"
    days = [
        b.date.isoformat() if b else ''
        for b in (parsed.opening_balance, parsed.closing_balance)]
    if not any(days):
        days = sorted({e.value_date.isoformat() for e in parsed.entries})
    return '|'.join([
            compact(parsed.account), parsed.currency,
            parsed.number or '', *days])


def prepare(company, parsed, report=None):
    """Return the Imported of the parsed statements, not saved

    The number of queries does not depend on the number of entries.
    """
    result = Imported()
    journals = journals_by_account(company, parsed)
    hold(journals.values())
    booked = []
    for block, statement in enumerate(parsed, 1):
        journal = journals.get((
                compact(statement.account), statement.currency))
        if statement.format.upper() in INTRADAY:
            result.intraday.append(gettext(
                    'mbank.msg_statement_intraday',
                    source=statement.source,
                    account=statement.account))
        elif not journal:
            result.unknown.append(gettext(
                    'mbank.msg_statement_account_unknown',
                    source=statement.source,
                    account=statement.account or '?',
                    currency=statement.currency,
                    company=company.rec_name))
        else:
            booked.append((block, journal, statement))
    booked.sort(key=lambda b: (b[1].id, _last_day(b[2]), b[2].serial or 0))

    identities = [gateway.entry_identities(s) for _, _, s in booked]
    keys = known_keys(booked)
    entries = known_entries(booked, identities)
    parties = parties_by_account(
        e.counterparty_account for _, _, s in booked for e in s.entries)
    previous = {}
    for (block, journal, statement), ids in zip(booked, identities):
        key = statement_key(statement)
        name = _name(journal, statement)
        seen = entries[journal]
        new = [(e, i) for e, i in zip(statement.entries, ids) if i not in seen]
        if key in keys[journal] or (statement.entries and not new):
            result.known.append(gettext(
                    'mbank.msg_statement_known',
                    source=statement.source,
                    statement=name))
            continue
        record = _record(company, journal, statement, new, parties)
        record.name = name
        record.mbank_key = key
        record.mbank_block = block
        record.mbank_report = report
        if journal in previous:
            before = previous[journal]
        else:
            before = neighbour(journal, record.date, before=True)
        record.set_import_problems(before)
        if len(new) < len(statement.entries):
            result.known.append(gettext(
                    'mbank.msg_entries_known',
                    source=statement.source,
                    statement=name,
                    count=len(statement.entries) - len(new)))
        keys[journal].add(key)
        seen.update(i for _, i in new)
        previous[journal] = record
        result.statements.append(record)
    return result


def save(imported):
    "Save the prepared statements"
    pool = Pool()
    Statement = pool.get('account.statement')
    Statement.save(imported.statements)
    recheck_following(imported.statements)


def recheck_following(statements):
    "Look again at the statements that follow: a gap may be closed now"
    pool = Pool()
    Statement = pool.get('account.statement')
    last = {}
    for statement in sorted(statements, key=lambda s: (s.date, s.id)):
        last[statement.journal] = statement
    to_save = []
    for journal, statement in last.items():
        after = neighbour(journal, statement.date, before=False)
        if after and after.state == 'draft' and after.mbank_key:
            after.set_import_problems(statement)
            to_save.append(after)
    Statement.save(to_save)


def known_keys(booked):
    pool = Pool()
    Statement = pool.get('account.statement')
    result = defaultdict(set)
    for sub in grouped_slice(booked, SLICE):
        sub = list(sub)
        for statement in Statement.search([
                    ('journal', 'in', [j.id for _, j, _ in sub]),
                    ('mbank_key', 'in', [statement_key(s) for _, _, s in sub]),
                    ]):
            result[statement.journal].add(statement.mbank_key)
    return result


def known_entries(booked, identities):
    "The identities of these entries that the journals already have"
    pool = Pool()
    Origin = pool.get('account.statement.origin')
    result = defaultdict(set)
    wanted = sorted({i for ids in identities for i in ids})
    journals = sorted({j.id for _, j, _ in booked})
    for sub in grouped_slice(wanted, SLICE):
        for origin in Origin.search([
                    ('statement.journal', 'in', journals),
                    ('entry_identity', 'in', list(sub)),
                    ]):
            result[origin.statement.journal].add(origin.entry_identity)
    return result


def parties_by_account(accounts):
    "The party of each account number that has just one owner"
    pool = Pool()
    Number = pool.get('bank.account.number')
    accounts = {compact(a) for a in accounts if a}
    owners = defaultdict(set)
    # An NRB may have been entered as a number of another type
    wanted = sorted(accounts | {a[2:] for a in accounts if a[:2] == 'PL'})
    for sub in grouped_slice(wanted, SLICE):
        for number in Number.search([('number', 'in', list(sub))]):
            owners[compact(number.number)].update(number.account.owners)
    return {a: o.pop() for a, o in owners.items() if len(o) == 1}


def neighbour(journal, date, before):
    "The statement of the journal before or after the date"
    pool = Pool()
    Statement = pool.get('account.statement')
    order = 'DESC' if before else 'ASC'
    statements = Statement.search([
            ('journal', '=', journal.id),
            ('date', '<=' if before else '>', date),
            ('state', '!=', 'cancelled'),
            ],
        order=[('date', order), ('id', order)], limit=1)
    return statements[0] if statements else None


def _last_day(parsed):
    if parsed.closing_balance:
        return parsed.closing_balance.date
    days = [e.booking_date or e.value_date for e in parsed.entries]
    if days:
        return max(days)
    if parsed.opening_balance:
        return parsed.opening_balance.date
    return Pool().get('ir.date').today()


def _name(journal, parsed):
    number = parsed.number or parsed.reference
    return ' '.join(filter(None, [
                number, _last_day(parsed).isoformat(), journal.name]))


def _record(company, journal, parsed, new, parties):
    pool = Pool()
    Statement = pool.get('account.statement')
    Origin = pool.get('account.statement.origin')
    total = sum((e.amount for e in parsed.entries), Decimal(0))
    added = sum((e.amount for e, _ in new), Decimal(0))
    opening = parsed.opening_balance.amount if parsed.opening_balance else None
    closing = parsed.closing_balance.amount if parsed.closing_balance else None

    problems = [
        ': '.join(filter(None, [p.place, p.text])) for p in parsed.problems]
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

    return Statement(
        company=company,
        journal=journal,
        date=_last_day(parsed),
        # Entries imported before are in the start balance
        start_balance=opening + (total - added),
        end_balance=closing,
        total_amount=added,
        number_of_lines=len(new),
        origins=[
            _origin(Origin, entry, identity, parties)
            for entry, identity in new],
        mbank_number=parsed.number,
        mbank_account=parsed.account,
        mbank_problems='\n'.join(dict.fromkeys(problems)) or None)


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
        party=parties.get(compact(entry.counterparty_account)),
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
