# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The order that is made of a payment, as a value.

One builder says what the bank would get. What it says when a person approves
is frozen with the payment; what it says later is compared with that, and the
order itself is made of the frozen value.
"""
import datetime as dt
import hashlib
import json
import re
import uuid
from contextlib import contextmanager
from decimal import Decimal
from itertools import groupby

from trytond.pool import Pool
from trytond.transaction import Transaction

from .payment import order_name, order_text

# Of the frozen value: another version is another value, never read as if
VERSION = 1
ADDRESS_LENGTH = 35  # L-450
IDENTITY_LENGTH = 35  # L-452
# Of the part of an identity that makes it one of its own; our own choice
_UNIQUE_LENGTH = 16
# A change that began so long before an approval may be committed after it
_OVERLAP = dt.timedelta(minutes=1)


def built(payments):
    """The orders the bank would get now: value by id of the payment.

    Values are of JSON, None where something is missing. They do not depend on
    who asks: neither the language, the rights nor the context of a client
    choose the payee's account.
    """
    result = {}
    for company, ids in groupby(
            ((p.company, p.id) for p in payments), key=lambda i: i[0]):
        with _plain(company):
            for payment in Pool().get('account.payment').browse(
                    [id_ for _, id_ in ids]):
                result[payment.id] = _value(payment)
    return result


@contextmanager
def _plain(company):
    "A context that is the same for everybody"
    transaction = Transaction()
    language = company.party.lang
    with transaction.reset_context(), transaction.set_context(
            company=company.id,
            language=language.code if language else 'en'):
        yield


def _value(payment):
    company = payment.company
    journal = payment.journal
    debited = journal.mbank_account_number
    number = payment.mbank_account_number_used
    currency = journal.currency.code
    return {
        'kind': 'domestic' if currency == 'PLN' else 'sepa',
        'debtor': _party(
            company.party, debited.compact_iban if debited else None, debited),
        'creditor': _party(payment.party, payment.mbank_iban, number),
        'amount': _amount(payment.amount),
        'currency': currency,
        'remittance': payment.mbank_title_used,
        # The bank carries it out on this day, or on the day the batch is
        # made if that is later: what is approved is "not before".
        'execution_date': payment.date.isoformat() if payment.date else None,
        }


def _amount(amount):
    if amount is None:
        return None
    cents = amount.quantize(Decimal('0.01'))
    return str(cents if cents == amount else amount.normalize())


def _party(party, account, number):
    bank = number.account.bank if number else None
    address = party.address_get()
    lines, country = [], None
    if address:
        lines = [
            order_text(address.street),
            order_text('%s %s' % (
                    address.postal_code or '', address.city or '')),
            ]
        country = address.country.code if address.country else None
    return {
        'name': order_name(party),
        'address_lines': [
            line[:ADDRESS_LENGTH].rstrip() for line in lines if line],
        'account': account,
        'bic': (bank.bic or None) if bank else None,
        'country': country,
        }


def frozen(payment, value):
    """The text kept of the value with the payment when it is approved.

    made_of names the records it was made of, by which is found later who
    deleted one.
    """
    with _plain(payment.company):
        made_of = {
            part: sorted({str(r) for r in records})
            for part, records in sources(
                payment.__class__(payment.id)).items()}
    return json.dumps({
            'version': VERSION,
            'method': 'mbank',
            'payment': payment.id,
            'order': value,
            'made_of': made_of,
            }, ensure_ascii=False, sort_keys=True, separators=(',', ':'))


def hash_of(text):
    return hashlib.sha256(text.encode('utf-8')).hexdigest()


def approved(payment):
    """What was approved for mBank of this payment, or None.

    None too if what is stored is not what the approval has stored.
    """
    text = payment.mbank_order
    if (not text or not payment.mbank_approved_by
            or payment.mbank_order_hash != hash_of(text)):
        return None
    content = json.loads(text)
    if content['method'] != 'mbank' or content['payment'] != payment.id:
        return None
    return content


def flat(value, prefix=''):
    "The leaves of a value by their paths"
    leaves = {}
    for name, part in value.items():
        if isinstance(part, dict):
            leaves.update(flat(part, prefix + name + '.'))
        else:
            leaves[prefix + name] = part
    return leaves


def differences(content, value):
    "(path, approved, now) of whatever is not as it was approved"
    before = flat(content['order'])
    now = flat(value)
    before['version'], now['version'] = content['version'], VERSION
    return [
        (path, before.get(path), now.get(path))
        for path in sorted(before.keys() | now.keys())
        if before.get(path) != now.get(path)]


def sources(payment):
    "The records each part of the order is made of, the payment apart"
    journal = payment.journal
    line = payment.line
    origin = line.move_origin if line else None
    result = {
        'kind': [journal, journal.currency],
        'currency': [journal, journal.currency],
        'amount': [],
        'execution_date': [],
        'remittance': [origin] if origin else [],
        }
    for name, party, number, more in [
            ('debtor', payment.company.party, journal.mbank_account_number,
                [journal, payment.company]),
            ('creditor', payment.party, payment.mbank_account_number_used,
                [])]:
        for part, records in _sources_of_party(party, number).items():
            result['%s.%s' % (name, part)] = records + more
    return result


def _sources_of_party(party, number):
    pool = Pool()
    Address = pool.get('party.address')
    Link = pool.get('bank.account-party.party')
    Number = pool.get('bank.account.number')
    with Transaction().set_context(active_test=False):
        addresses = Address.search([('party', '=', party.id)])
        links = Link.search([('owner', '=', party.id)])
        numbers = Number.search([
                ('account', 'in', [link.account.id for link in links])])
    if number and number not in numbers:
        numbers.append(number)
    accounts = list({n.account for n in numbers} | {k.account for k in links})
    return {
        'name': [party],
        'address_lines': [party, *addresses],
        'country': [party, *addresses],
        'account': [party, *links, *accounts, *numbers],
        'bic': [
            party, *links, *accounts, *{a.bank for a in accounts if a.bank}],
        }


def changes(payment, since, content=None, path=None):
    """(time, id of the user) of who has changed what the order is made of.

    since is a stored time. With a path, of that part alone and with the
    payment itself, else of all and without it. By time; what a process
    changed for nobody has no user.
    """
    Log = Pool().get('ir.model.log')
    before = since - _OVERLAP if path else since

    def concerned(parts):
        return [
            thing for part, things in parts.items() for thing in things
            if path is None or part == path or path not in parts]

    with _plain(payment.company):
        payment = payment.__class__(payment.id)
        records = set(concerned(sources(payment)))
        # Who changed a record last stands there; who did before, and who
        # deleted one, in the log.
        names = {str(r) for r in records}
        names.update(concerned((content or {}).get('made_of', {})))
        found = [
            _last_change(r) for r in records if _last_change(r)[0] >= before]
        if path and _last_change(payment)[0] > since:
            # Not the approval itself; of one moment other records tell more
            found.insert(0, _last_change(payment))
        found.extend((log.create_date, log.user, True) for log in Log.search([
                    ('resource', 'in', sorted(names)),
                    ('event', 'in', ['write', 'delete']),
                    ('create_date', '>=', before),
                    ]))
    # Of one moment what was changed comes behind what was made
    found.sort(key=lambda change: (change[0], change[2]))
    return [(time, user.id if user else None) for time, user, _ in found]


def _last_change(record):
    "When a record was last changed, by whom, and whether it was after it was made"
    if record.write_date:
        return record.write_date, record.write_uid, True
    return record.create_date, record.create_uid, False


def order(payment, instruction_id, today):
    """The order the bank gets, made of what was approved.

    today is the day of the head office. The identities are new: they are
    stored with the payment before anything leaves.
    """
    value = approved(payment)['order']
    return {
        **value,
        **{name: {
                **value[name],
                'address_lines': tuple(value[name]['address_lines']),
                } for name in ['debtor', 'creditor']},
        'amount': Decimal(value['amount']),
        'end_to_end_id': end_to_end_id(payment.number),
        'instruction_id': instruction_id,
        'execution_date': max(
            dt.date.fromisoformat(value['execution_date']), today),
        }


def end_to_end_id(number):
    """A new identity of an order.

    It begins with the payment's number, for those who read statements; what
    makes it one of its own is the rest. The database takes none twice.
    """
    number = re.sub('[^0-9A-Za-z]+', '-', number or '')
    readable = number[-(IDENTITY_LENGTH - _UNIQUE_LENGTH - 1):].strip('-')
    unique = uuid.uuid4().hex[:_UNIQUE_LENGTH]
    return '-'.join(filter(None, [readable, unique]))
