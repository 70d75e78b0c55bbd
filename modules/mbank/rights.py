# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Rights checked where the work is done, not only where it is shown."""
from trytond.i18n import gettext
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access


def has_right(group, user=None, module='mbank'):
    "Whether the user, or the one of the transaction, is in the group"
    pool = Pool()
    ModelData = pool.get('ir.model.data')
    User = pool.get('res.user')
    transaction = Transaction()
    if user is None:
        user = transaction.user
    if user == 0:
        return True
    with transaction.set_user(user):
        return ModelData.get_id(module, group) in User.get_groups()


def check_right(group, module='mbank'):
    "Refuse who is not in the group; the root user of tasks and crons passes"
    pool = Pool()
    Group = pool.get('res.group')
    ModelData = pool.get('ir.model.data')
    if not has_right(group, module=module):
        with without_check_access():
            name = Group(ModelData.get_id(module, group)).rec_name
        raise AccessError(gettext('mbank.msg_right_missing', group=name))


class EntitledMixin:
    """A wizard for who is in the group of _right alone.

    The groups of its action can be left out by a forged action_id.
    """
    _right = None

    @classmethod
    def check_access(cls):
        super().check_access()
        check_right(cls._right)


class DerivedMixin:
    "Rows that are worked out of others: nobody writes them, by whatever way"
    __slots__ = ()

    @classmethod
    def create(cls, vlist):
        raise AccessError(gettext('mbank.msg_row_derived', **cls.__names__()))

    @classmethod
    def write(cls, records, values, *args):
        raise AccessError(gettext('mbank.msg_row_derived', **cls.__names__()))

    @classmethod
    def delete(cls, records):
        raise AccessError(gettext('mbank.msg_row_derived', **cls.__names__()))


def check_company(company):
    "Refuse a head office that is not among the user's"
    pool = Pool()
    User = pool.get('res.user')
    transaction = Transaction()
    # The companies in the context are what the client says
    user = User(transaction.user)
    if transaction.user and company not in user.companies:
        raise AccessError(gettext(
                'mbank.msg_company_not_allowed', company=company.id))


def context_of(company):
    "The context of work for the head office that no person looks at"
    context = {'company': company.id}
    if not Transaction().user and company.party.lang:
        context['language'] = company.party.lang.code
    return context


def error_text(error):
    "The sentence and the details of a UserError"
    return '\n'.join(filter(None, [error.message, error.description]))
