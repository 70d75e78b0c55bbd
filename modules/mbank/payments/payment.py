# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The payment method mBank: its journal, payments and groups."""
import re
import unicodedata

from trytond.i18n import gettext
from trytond.model import Unique, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval

from .. import gateway
from ..exceptions import MBankPaymentError
from ..keyring import restored
from .order_status import in_words

# Limits of an order  # L-450
NAME_LENGTH = 70
TITLE_LENGTH = 140  # L-450
_forbidden = re.compile(
    r"[^0-9A-Za-zĄĆĘŁŃÓŚŹŻąćęłńóśźż /?:().,'+-]")


class Journal(metaclass=PoolMeta):
    __name__ = 'account.payment.journal'

    company_party = fields.Function(fields.Many2One(
            'party.party', "Company Party",
            context={
                'company': Eval('company', -1),
                },
            depends=['company']),
        'on_change_with_company_party')
    mbank_account_number = fields.Many2One(
        'bank.account.number', "Account at mBank",
        domain=[
            ('type', '=', 'iban'),
            ('account.owners', '=', Eval('company_party', -1)),
            ],
        states={
            'required': Eval('process_method') == 'mbank',
            'invisible': Eval('process_method') != 'mbank',
            },
        help="The account the payments are debited from.")
    mbank_two_people = fields.Boolean(
        "Two People",
        states={
            'invisible': Eval('process_method') != 'mbank',
            },
        help="Checked: who made, changed or submitted a payment does not "
        "approve it, nor who changed the data its order is made of.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.process_method.selection.append(('mbank', "mBank"))

    @classmethod
    def default_mbank_two_people(cls):
        return False

    @fields.depends('company')
    def on_change_with_company_party(self, name=None):
        return self.company.party if self.company else None

    @classmethod
    def validate_fields(cls, journals, field_names):
        super().validate_fields(journals, field_names)
        if field_names and not (
                field_names & {'process_method', 'mbank_account_number'}):
            return
        for journal in journals:
            if journal.process_method != 'mbank':
                continue
            number = journal.mbank_account_number
            if number and not gateway.is_mbank(number.number):
                raise MBankPaymentError(gettext(
                        'mbank.msg_journal_not_mbank',
                        journal=journal.rec_name,
                        number=number.number))

    @classmethod
    def check_modification(cls, mode, journals, values=None, external=False):
        """Keep the method while payments were submitted or approved by it

        Who approves for another method has another right.
        """
        pool = Pool()
        Payment = pool.get('account.payment')
        super().check_modification(
            mode, journals, values=values, external=external)
        if mode != 'write' or 'process_method' not in values:
            return
        method = values['process_method']
        changed = [
            j for j in journals
            if j.process_method != method
            and 'mbank' in {j.process_method, method}]
        open_ = Payment.search([
                ('journal', 'in', [j.id for j in changed]),
                ('state', 'in', ['submitted', 'approved', 'processing']),
                ], limit=1)
        for payment in open_:
            raise AccessError(gettext(
                    'mbank.msg_journal_in_use',
                    journal=payment.journal.rec_name,
                    payment=payment.rec_name))


class Payment(metaclass=PoolMeta):
    __name__ = 'account.payment'

    _mbank_states = {
        'invisible': Eval('process_method') != 'mbank',
        'readonly': Eval('state') != 'draft',
        }
    mbank_account_number = fields.Many2One(
        'bank.account.number', "Payee's Account",
        domain=[
            ('account.owners', '=', Eval('party', -1)),
            ],
        states=_mbank_states,
        help="Leave empty for the first account of the party.")
    mbank_title = fields.Char(
        "Title of Transfer", states=_mbank_states,
        help="Leave empty for the reference of what is paid.")
    mbank_batch = fields.Many2One(
        'mbank.order.batch', "Order Batch", readonly=True,
        ondelete='RESTRICT',
        states={'invisible': ~Eval('mbank_batch')})
    mbank_end_to_end_id = fields.Char(
        "Order's Identity", readonly=True,
        states={'invisible': ~Eval('mbank_batch')})
    mbank_instruction_id = fields.Char(
        "Instruction's Identity", readonly=True,
        states={'invisible': ~Eval('mbank_batch')})
    mbank_status_key = fields.Char(
        "Key of State at mBank", readonly=True,
        states={'invisible': ~Eval('mbank_batch')})
    mbank_status = fields.Function(fields.Char(
            "State at mBank",
            states={'invisible': ~Eval('mbank_batch')}),
        'get_mbank_status')
    mbank_status_text = fields.Char(
        "mBank's Words", readonly=True,
        states={'invisible': ~Eval('mbank_batch')})
    del _mbank_states

    @classmethod
    def __setup__(cls):
        cls.mbank_end_to_end_id.search_unaccented = False
        cls.mbank_instruction_id.search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints += [
            ('mbank_end_to_end_id_unique', Unique(t, t.mbank_end_to_end_id),
                'mbank.msg_order_identity_unique'),
            ('mbank_instruction_id_unique', Unique(t, t.mbank_instruction_id),
                'mbank.msg_order_identity_unique'),
            ]

    def get_mbank_status(self, name):
        return in_words(self.mbank_status_key)

    @property
    def mbank_account_number_used(self):
        if self.mbank_account_number:
            return self.mbank_account_number
        for account in self.party.bank_accounts:
            for number in account.numbers:
                if number.type == 'iban' or gateway.is_account(
                        number.number or ''):
                    return number

    @property
    def mbank_iban(self):
        "The payee's account with its country, or None"
        if number := self.mbank_account_number_used:
            return gateway.normal_form(number.number)

    @property
    def mbank_title_used(self):
        return ' '.join((
                self.mbank_title or self.reference_used or '').split())

    def check_mbank(self):
        "Raise if mBank would not take the payment"
        def refuse(message, **values):
            raise MBankPaymentError(gettext(
                    message, payment=self.rec_name, party=self.party.rec_name,
                    **values))

        currency = self.journal.currency.code
        if self.kind != 'payable':
            refuse('mbank.msg_payment_kind')
        if currency not in {'PLN', 'EUR'}:
            refuse('mbank.msg_payment_currency', currency=currency)
        if not self.amount or self.amount <= 0:
            refuse('mbank.msg_payment_amount',
                amount=money(self.amount, self.journal.currency))
        if self.amount != round(self.amount, 2):
            refuse('mbank.msg_payment_digits',
                amount=money(self.amount, self.journal.currency))
        account = self.mbank_iban
        if not account:
            refuse('mbank.msg_payment_no_account')
        if not gateway.is_account(account):
            refuse('mbank.msg_payment_account',
                number=self.mbank_account_number_used.number)
        if currency == 'PLN' and not account.startswith('PL'):
            refuse('mbank.msg_payment_not_polish', number=account)
        own = self.journal.mbank_account_number
        if account == gateway.normal_form(own.number):
            refuse('mbank.msg_payment_own_account', number=account)
        name = order_name(self.party)
        if not name or len(name) > NAME_LENGTH:
            refuse('mbank.msg_payment_name', name=name, length=NAME_LENGTH)
        title = self.mbank_title_used
        if not title:
            refuse('mbank.msg_payment_no_title')
        if len(title) > TITLE_LENGTH:
            refuse('mbank.msg_payment_title_length',
                title=title, count=len(title), length=TITLE_LENGTH)
        if found := _forbidden.search(title):
            refuse('mbank.msg_payment_title_character',
                title=title, character=found.group())

    @classmethod
    def process_method_with_group(cls):
        return super().process_method_with_group() + ['mbank']


class Group(metaclass=PoolMeta):
    __name__ = 'account.payment.group'

    mbank_batches = fields.One2Many(
        'mbank.order.batch', 'group', "mBank Order Batches", readonly=True,
        states={'invisible': Eval('process_method') != 'mbank'})

    @classmethod
    def check_modification(cls, mode, groups, values=None, external=False):
        "What groups for mBank are made of is set when they are made"
        super().check_modification(
            mode, groups, values=values, external=external)
        if not external or mode != 'write':
            return
        if fixed := {n for n in values if cls._fields[n].readonly}:
            for group in groups:
                if group.process_method == 'mbank' or group.mbank_batches:
                    raise AccessError(gettext(
                            'mbank.msg_payment_group_fixed',
                            group=group.rec_name,
                            **cls.__names__(sorted(fixed)[0])))

    def process_mbank(self):
        pool = Pool()
        Batch = pool.get('mbank.order.batch')
        Payment = pool.get('account.payment')
        restored.check()
        for payment in self.payments:
            payment.check_mbank()
        Payment.check_mbank_approved(self.payments)
        Batch.make(self)


def by_mbank(payments):
    return [p for p in payments if p.process_method == 'mbank']


def order_text(text):
    "The text as an order may carry it: other characters become blanks"
    # Of a letter with a foreign accent the letter is kept
    letters = (
        unicodedata.normalize('NFKD', c)[:1] if _forbidden.match(c) else c
        for c in text or '')
    return ' '.join(_forbidden.sub(' ', ''.join(letters)).split())


def order_name(party):
    return order_text(party.full_name)


def money(amount, currency):
    "The amount as the user reads it, with all its decimals"
    if amount is None:
        return None
    digits = max(-amount.normalize().as_tuple().exponent, currency.digits)
    return Pool().get('ir.lang').get().currency(
        amount, currency, grouping=True, digits=digits)
