# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Why an entry is settled as it is, in the language of the reader"
from decimal import Decimal, InvalidOperation

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction

MESSAGES = {
    'monitor': 'automatic_settlement.msg_reason_monitor',
    'import_problems': 'automatic_settlement.msg_reason_import_problems',
    'left_to_people': 'automatic_settlement.msg_reason_left_to_people',
    'manual': 'automatic_settlement.msg_reason_manual',
    'rule': 'automatic_settlement.msg_reason_rule',
    'rule_would': 'automatic_settlement.msg_reason_rule_would',
    'remaining': 'automatic_settlement.msg_reason_remaining',
    'accepted': 'automatic_settlement.msg_reason_accepted',
    'undone': 'automatic_settlement.msg_reason_undone',
    'undone_by': 'automatic_settlement.msg_reason_undone_by',
    'invoice_number': 'automatic_settlement.msg_reason_invoice_number',
    'invoice_number_part':
        'automatic_settlement.msg_reason_invoice_number_part',
    'invoice_number_split_payment':
        'automatic_settlement.msg_reason_invoice_number_split_payment',
    'ksef': 'automatic_settlement.msg_reason_ksef',
    'reference': 'automatic_settlement.msg_reason_reference',
    'virtual_account': 'automatic_settlement.msg_reason_virtual_account',
    'account_known': 'automatic_settlement.msg_reason_account_known',
    'nip': 'automatic_settlement.msg_reason_nip',
    'name': 'automatic_settlement.msg_reason_name',
    'name_part': 'automatic_settlement.msg_reason_name_part',
    'amount_exact': 'automatic_settlement.msg_reason_amount_exact',
    'amount_sum': 'automatic_settlement.msg_reason_amount_sum',
    'amount_part': 'automatic_settlement.msg_reason_amount_part',
    'amount_difference': 'automatic_settlement.msg_reason_amount_difference',
    'amount_over': 'automatic_settlement.msg_reason_amount_over',
    'amount_oldest_first':
        'automatic_settlement.msg_reason_amount_oldest_first',
    'ambiguous': 'automatic_settlement.msg_reason_ambiguous',
    'number_ambiguous': 'automatic_settlement.msg_reason_number_ambiguous',
    'number_not_open': 'automatic_settlement.msg_reason_number_not_open',
    'number_maybe_day': 'automatic_settlement.msg_reason_number_maybe_day',
    'number_other_word': 'automatic_settlement.msg_reason_number_other_word',
    'number_unsaid': 'automatic_settlement.msg_reason_number_unsaid',
    'other_debt': 'automatic_settlement.msg_reason_other_debt',
    'comes_back': 'automatic_settlement.msg_reason_comes_back',
    'title_too_long': 'automatic_settlement.msg_reason_title_too_long',
    'number_names_other': 'automatic_settlement.msg_reason_number_names_other',
    'numbers_left_out': 'automatic_settlement.msg_reason_numbers_left_out',
    'several_parties': 'automatic_settlement.msg_reason_several_parties',
    'account_of_other': 'automatic_settlement.msg_reason_account_of_other',
    'virtual_account_of_other':
        'automatic_settlement.msg_reason_virtual_account_of_other',
    'virtual_account_differs':
        'automatic_settlement.msg_reason_virtual_account_differs',
    'nip_of_other': 'automatic_settlement.msg_reason_nip_of_other',
    'account_differs': 'automatic_settlement.msg_reason_account_differs',
    'name_of_other': 'automatic_settlement.msg_reason_name_of_other',
    'name_differs': 'automatic_settlement.msg_reason_name_differs',
    'paid_early': 'automatic_settlement.msg_reason_paid_early',
    'already_settled': 'automatic_settlement.msg_reason_already_settled',
    'payment_return': 'automatic_settlement.msg_reason_payment_return',
    'amount_shared': 'automatic_settlement.msg_reason_amount_shared',
    'amount_only': 'automatic_settlement.msg_reason_amount_only',
    'currency_differs': 'automatic_settlement.msg_reason_currency_differs',
    'direction_differs': 'automatic_settlement.msg_reason_direction_differs',
    'zero_amount': 'automatic_settlement.msg_reason_zero_amount',
    'no_evidence': 'automatic_settlement.msg_reason_no_evidence',
    }
AMOUNTS = {'amount', 'open', 'difference', 'excess'}


def reason_sentence(code, params=None, text=''):
    """Return the translated sentence of the reason

    A code without a message, of a newer matcher, gives the English text.
    """
    if code not in MESSAGES:
        return text
    return gettext(MESSAGES[code], **{
            name: _format_amount(value) if name in AMOUNTS else value
            for name, value in (params or {}).items()})


def _format_amount(value):
    pool = Pool()
    Lang = pool.get('ir.lang')
    try:
        value = Decimal(value)
    except InvalidOperation:
        return value
    return Lang.get().format_number(
        value, max(-value.as_tuple().exponent, 0), grouping=True)


def settlement_language(company):
    "The language of who runs the settlement, else of the company"
    pool = Pool()
    User = pool.get('res.user')
    transaction = Transaction()
    if language := transaction.context.get('language'):
        return language
    user = User(transaction.user) if transaction.user else None
    if user and user.language:
        return user.language.code
    if company.party.lang:
        return company.party.lang.code
    return transaction.language
