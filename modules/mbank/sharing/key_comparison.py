# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""A key of another database, which a person has compared with the other side.

A key that came over the line, or in a mail, may be that of somebody in
between. So no key is used before the administrators of both databases have
compared its fingerprint by a way of their own: what the other reads out is
typed in here, and it must be the one of the key that is here.
"""
from trytond.i18n import gettext
from trytond.model import Model, fields
from trytond.pyson import Eval
from trytond.transaction import Transaction

from ..clock import utcnow
from ..exceptions import FingerprintError, ShareEnvelopeError
from ..keyring import vault
from ..rights import check_right


class ComparedMixin(Model):
    """A record with the key of another database.

    _of_comparison names the fields that no client writes.
    """
    _of_comparison = frozenset(['compared_at', 'compared_by'])

    told_fingerprint = fields.Char("Fingerprint as Told",
        help="As the administrator of the other database reads it to you, "
        "by telephone for example, from \"Identity of this Database\" there.")
    compared_at = fields.DateTime("Compared", readonly=True,
        states={
            'invisible': ~Eval('compared_at'),
            })
    compared_by = fields.Many2One(
        'res.user', "Compared by", readonly=True, ondelete='RESTRICT',
        states={
            'invisible': ~Eval('compared_at'),
            })

    @classmethod
    def create(cls, vlist):
        return super().create([cls._of_client(values) for values in vlist])

    @classmethod
    def write(cls, *args):
        super().write(*(
                value if i % 2 == 0 else cls._of_client(value)
                for i, value in enumerate(args)))

    @classmethod
    def _of_client(cls, values):
        "The values, for a client without those that are not its to write"
        if not Transaction().check_access:
            return values
        return {
            name: value for name, value in values.items()
            if name not in cls._of_comparison}

    @classmethod
    def copy(cls, records, default=None):
        default = default.copy() if default is not None else {}
        for name in [*cls._of_comparison, 'told_fingerprint']:
            default[name] = None
        return super().copy(records, default=default)

    def _compare(self, identity):
        """Refuse if what was typed in is not the fingerprint of the identity.

        Returns what is stored of the comparison.
        """
        check_right('group_mbank_admin')
        if not identity or not vault.fingerprint_agrees(
                identity, self.told_fingerprint):
            raise FingerprintError(gettext(
                    'mbank.msg_fingerprint_differs', record=self.rec_name))
        return {
            'told_fingerprint': None,
            'compared_at': utcnow(),
            'compared_by': Transaction().user or None,
            }


def fingerprint_of(identity):
    "The fingerprint of a public identity (JSON), None if it is none"
    if not identity:
        return None
    try:
        _, _, fingerprint = vault.read_identity(identity)
    except ShareEnvelopeError:
        return None
    return fingerprint
