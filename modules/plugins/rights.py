# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Who may put plugins on the server."""
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction

from .exceptions import PluginAccessError


def check_administrator():
    """Raise unless the user is in the group Administration

    A wizard's own groups can be bypassed by a forged action in the context.
    """
    pool = Pool()
    ModelData = pool.get('ir.model.data')
    User = pool.get('res.user')
    if not Transaction().user:
        return
    group = ModelData.get_id('res', 'group_admin')
    with Transaction().set_context(_check_access=False):
        user = User(Transaction().user)
        groups = {g.id for g in user.groups}
    if group not in groups:
        raise PluginAccessError(gettext('plugins.msg_only_administrator'))


class AdministratorMixin:
    "A wizard for administrators alone, by whatever way it is begun"

    @classmethod
    def check_access(cls):
        super().check_access()
        check_administrator()
