# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"A firm with accounts at mBank, for the tests of statements and payments"
import datetime as dt
from decimal import Decimal
from functools import wraps
from itertools import count

from trytond.model import Model
from trytond.modules.automatic_settlement.tests.tools import Books
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    DB_NAME, TestCase, activate_module, drop_db)
from trytond.transaction import Transaction, TransactionError
from trytond.worker import run_task

TODAY = dt.date.today()
_numbers = count(2001)


def nrb(number, bank='11402004'):
    "A valid account number, by default at mBank"
    base = bank + '%016d' % number
    check = 98 - int(base + '252100') % 97
    return 'PL%02d%s' % (check, base)


def mt940(account, day, serial, opening, entries, closing=None,
        with_closing=True):
    """The bytes of one statement in the form of mBank

    entries are (amount, title, number of the transaction or None, account
    and name of the other side).
    """
    opening = Decimal(opening)
    total = sum((Decimal(e[0]) for e in entries), Decimal(0))
    closing = opening + total if closing is None else Decimal(closing)
    lines = [
        '\x01',
        ':20:ST%sCYC/1' % day.strftime('%y%m%d'),
        ':25:%s' % account,
        ':28C:%s/1' % serial,
        ':60F:%s' % _balance(day, opening),
        ]
    for amount, title, number, *other in entries:
        amount = Decimal(amount)
        lines.append(':61:%s%s%sN%sNTRFNONREF//BR%s' % (
                day.strftime('%y%m%d'), day.strftime('%m%d'),
                'C' if amount >= 0 else 'D', _amount(amount),
                day.strftime('%y%m%d') + '001'))
        lines.append('770-ELIXIR MB')
        text = '770 ELIXIR'
        if other:
            other_account, name = other
            text += '; Z RACH.: %s; OD: %s' % (other_account[2:], name)
        text += '; TYT.: %s' % title
        if number:
            text += '; TNR: %s' % number
        text = ':86:' + text
        while text:
            lines.append(text[:65])
            text = text[65:]
    if with_closing:
        lines.append(':62F:%s' % _balance(day, closing))
        lines.append(':64:%s' % _balance(day, closing))
    lines.append('-\x03')
    return ('\r\n'.join(lines) + '\r\n').encode('iso-8859-2')


def tnr(number):
    return '2100000000%05d.000001' % number


def _amount(amount):
    return '{:.2f}'.format(abs(amount)).replace('.', ',')


def _balance(day, amount):
    return '%s%sPLN%s' % (
        'C' if amount >= 0 else 'D', day.strftime('%y%m%d'), _amount(amount))


class Firm(Books):
    "Books with accounts at mBank"

    def __init__(self):
        super().__init__()
        pool = Pool()
        AccountJournal = pool.get('account.journal')
        self.clearing_journal, = AccountJournal.search([
                ('type', '=', 'statement')], limit=1)

    def give_rights(self, *groups, user=1):
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        User = pool.get('res.user')
        User.write([User(user)], {
                'groups': [('add', [
                            ModelData.get_id('mbank', g) for g in groups])],
                })

    def refresh(self):
        "Records belong to a transaction: take those of the running one"
        for name, value in vars(self).items():
            if isinstance(value, Model):
                setattr(self, name, value.__class__(value.id))

    def new_account(self, number=None):
        "A new bank account of the company at mBank: its IBAN"
        pool = Pool()
        BankAccount = pool.get('bank.account')
        number = number or nrb(next(_numbers))
        account, = BankAccount.create([{
                    'owners': [('add', [self.company.party.id])],
                    'currency': self.pln.id,
                    'numbers': [('create', [{
                                    'type': 'iban',
                                    'number': number,
                                    }])],
                    }])
        return number, account

    def new_journal(self, number=None):
        "A statement journal with an account of its own: (journal, IBAN)"
        pool = Pool()
        Journal = pool.get('account.statement.journal')
        number, account = self.new_account(number)
        journal = Journal(
            name="mBank " + number[-4:], journal=self.bank_journal,
            currency=self.pln, company=self.company, account=self.cash,
            validation='balance', bank_account=account)
        journal.save()
        return journal, number

    def new_payment_journal(self, number=None):
        "A payment journal of the method mBank"
        pool = Pool()
        Journal = pool.get('account.payment.journal')
        Number = pool.get('bank.account.number')
        if number is None:
            number, _ = self.new_account()
        number, = Number.search([('number_compact', '=', number)])
        journal = Journal(
            name="mBank payments", currency=self.pln, company=self.company,
            process_method='mbank', mbank_account_number=number,
            clearing_account=self.clearing,
            clearing_journal=self.clearing_journal)
        journal.save()
        return journal


class FirmCase(TestCase):
    """Tests on a database of their own

    What the module commits by itself stays, so each test takes an account of
    its own.
    """
    with_queue = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        drop_db()
        activate_module('mbank')
        cls.addClassCleanup(drop_db)

        def prepare():
            firm = Firm()
            firm.give_rights('group_statement_download', 'group_payment_send')
            return firm, firm.company.id
        cls.firm = cls.company_id = None
        cls.firm, cls.company_id = cls.work(prepare)

    @classmethod
    def work(cls, function, *args, user=1, **kwargs):
        "Run the function as a request does, then the tasks it queued"
        extras = {}
        while True:
            context = {}
            if cls.company_id:
                context['company'] = cls.company_id
            with Transaction().start(
                    DB_NAME, user, context=context, **extras) as transaction:
                try:
                    if cls.firm:
                        cls.firm.refresh()
                    result = function(*args, **kwargs)
                except TransactionError as error:
                    transaction.rollback()
                    transaction.tasks.clear()
                    error.fix(extras)
                    continue
                except BaseException:
                    transaction.rollback()
                    transaction.tasks.clear()
                    raise
            if cls.with_queue:
                while transaction.tasks:
                    run_task(DB_NAME, transaction.tasks.pop())
            else:
                transaction.tasks.clear()
            return result


def working(func):
    "The test is one request"
    @wraps(func)
    def wrapper(self):
        self.work(func, self)
    return wrapper
