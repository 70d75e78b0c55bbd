# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
import re
import unicodedata

from stdnum import iban

from trytond.i18n import gettext
from trytond.model import ModelView, Workflow, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction

from . import restored
from .exceptions import MBankPaymentError, PaymentApprovalError
from .order_status import in_words
from .rights import check_right

# Limits of an order  # L-450
NAME_LENGTH = 70
TITLE_LENGTH = 140  # L-450
_forbidden = re.compile(
    r"[^0-9A-Za-zĄĆĘŁŃÓŚŹŻąćęłńóśźż /?:().,'+-]")
# Digits of an mBank account, behind the country and the check digits  # L-451
_mbank_account = re.compile(r'PL\d\d114\d{21}')
# Written by the server alone, whatever a client sends
_of_server = {
    'state', 'mbank_submitted_by', 'mbank_approved_by', 'mbank_batch',
    'mbank_end_to_end_id', 'mbank_status_key', 'mbank_status_text'}
# What is approved: it does not change after it was submitted
_approved = {
    'company', 'journal', 'kind', 'party', 'line', 'date', 'amount',
    'reference', 'reference_type', 'mbank_account_number', 'mbank_title'}


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
        help="Checked: who made or submitted a payment does not approve it.")

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
            if number and not _mbank_account.fullmatch(number.compact_iban):
                raise MBankPaymentError(gettext(
                        'mbank.msg_journal_not_mbank',
                        journal=journal.rec_name,
                        number=number.number))


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
    mbank_submitted_by = fields.Many2One(
        'res.user', "Submitted for mBank by", readonly=True,
        ondelete='RESTRICT',
        states={'invisible': ~Eval('mbank_submitted_by')})
    mbank_approved_by = fields.Many2One(
        'res.user', "Approved for mBank by", readonly=True,
        ondelete='RESTRICT',
        states={'invisible': ~Eval('mbank_approved_by')})
    mbank_batch = fields.Many2One(
        'mbank.order.batch', "Order Batch", readonly=True,
        ondelete='RESTRICT',
        states={'invisible': ~Eval('mbank_batch')})
    mbank_end_to_end_id = fields.Char(
        "Order's Identity", readonly=True,
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
        super().__setup__()

    def get_mbank_status(self, name):
        return in_words(self.mbank_status_key)

    @property
    def mbank_account_number_used(self):
        if self.mbank_account_number:
            return self.mbank_account_number
        for account in self.party.bank_accounts:
            for number in account.numbers:
                if number.type == 'iban' or iban.is_valid(
                        'PL' + (number.number or '')):
                    return number

    @property
    def mbank_iban(self):
        "The payee's account with its country, or None"
        if number := self.mbank_account_number_used:
            compact = iban.compact(number.number)
            return 'PL' + compact if compact[:2].isdigit() else compact

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
            refuse('mbank.msg_payment_amount', amount=self.amount)
        if self.amount != round(self.amount, 2):
            refuse('mbank.msg_payment_digits', amount=self.amount)
        account = self.mbank_iban
        if not account:
            refuse('mbank.msg_payment_no_account')
        if not iban.is_valid(account):
            refuse('mbank.msg_payment_account',
                number=self.mbank_account_number_used.number)
        if currency == 'PLN' and not account.startswith('PL'):
            refuse('mbank.msg_payment_not_polish', number=account)
        if account == self.journal.mbank_account_number.compact_iban:
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
    @ModelView.button
    @Workflow.transition('submitted')
    def submit(cls, payments):
        super().submit(payments)
        payments = _by_mbank(payments)
        for payment in payments:
            payment.check_mbank()
        cls.write(payments, {
                'mbank_submitted_by': Transaction().user or None})

    @classmethod
    @ModelView.button
    @Workflow.transition('draft')
    def draft(cls, payments):
        super().draft(payments)
        cls.write(_by_mbank(payments), {
                'mbank_submitted_by': None,
                'mbank_approved_by': None,
                })

    @classmethod
    @ModelView.button
    @Workflow.transition('approved')
    def approve(cls, payments):
        by_mbank = _by_mbank(payments)
        if by_mbank:
            check_right('group_payment_approve')
        if len(by_mbank) < len(payments):
            # Those who approve for mBank have the button, no more.
            check_right('group_payment_approval', 'account_payment')
        user = Transaction().user
        for payment in by_mbank:
            if (payment.journal.mbank_two_people
                    and user in payment._mbank_makers):
                raise PaymentApprovalError(gettext(
                        'mbank.msg_payment_two_people',
                        payment=payment.rec_name,
                        journal=payment.journal.rec_name))
        super().approve(payments)
        cls.write(by_mbank, {'mbank_approved_by': user or None})

    @property
    def _mbank_makers(self):
        "The ids of the users who made the payment"
        users = [self.create_uid, self.mbank_submitted_by]
        return {u.id for u in users if u}

    def check_mbank_approved(self):
        "Raise if nobody with the right has approved the payment"
        if not self.mbank_approved_by:
            raise PaymentApprovalError(gettext(
                    'mbank.msg_payment_not_approved', payment=self.rec_name))

    @classmethod
    def check_modification(cls, mode, payments, values=None, external=False):
        """Leave to the buttons what is theirs

        A client may send any field of a record it may write, readonly or
        not: the state too, without anybody's approval.
        """
        super().check_modification(
            mode, payments, values=values, external=external)
        if not external or mode == 'delete':
            return
        journals = set()
        if mode == 'write' and values.get('journal'):
            Journal = Pool().get('account.payment.journal')
            journals.add(Journal(values['journal']).process_method)
        for payment in payments:
            if 'mbank' not in journals | {payment.process_method}:
                continue
            if mode == 'create':
                touched = payment.state != 'draft' or any(
                    getattr(payment, name) for name in _of_server - {'state'})
            else:
                touched = values.keys() & _of_server or (
                    payment.state != 'draft' and values.keys() & _approved)
            if touched:
                raise AccessError(gettext(
                        'mbank.msg_payment_fixed', payment=payment.rec_name))

    @classmethod
    def process_method_with_group(cls):
        return super().process_method_with_group() + ['mbank']

    @classmethod
    def copy(cls, payments, default=None):
        default = default.copy() if default is not None else {}
        for name in [
                'mbank_submitted_by', 'mbank_approved_by', 'mbank_batch',
                'mbank_end_to_end_id', 'mbank_status_key',
                'mbank_status_text']:
            default.setdefault(name)
        return super().copy(payments, default=default)


class Group(metaclass=PoolMeta):
    __name__ = 'account.payment.group'

    mbank_batches = fields.One2Many(
        'mbank.order.batch', 'group', "mBank Order Batches", readonly=True,
        states={'invisible': Eval('process_method') != 'mbank'})

    def process_mbank(self):
        pool = Pool()
        Batch = pool.get('mbank.order.batch')
        restored.check()
        for payment in self.payments:
            payment.check_mbank()
            payment.check_mbank_approved()
        Batch.make(self)


def _by_mbank(payments):
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
