# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The key of a target: pinned when people have compared it, never by itself.

What the connection shows is only offered. Nothing is sealed to it, and nobody
is told anything there, before its fingerprint was compared; another key than
the pinned one is refused, and those who administer the plugin are told.
"""
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval, If

from .. import independent, telling
from ..clock import utcnow
from ..exceptions import FingerprintError, TargetKeyError
from .key_comparison import ComparedMixin, fingerprint_of

UNREAD = 'unread'
OFFERED = 'offered'
PINNED = 'pinned'
CHANGED = 'changed'


class ExternalDatabase(ComparedMixin, metaclass=PoolMeta):
    __name__ = 'mbank.external_database'
    _of_comparison = ComparedMixin._of_comparison | {
        'target_identity', 'offered_identity', 'key_changed_at'}

    target_identity = fields.Text("Identity of the Target", readonly=True,
        help="What sessions are sealed to.")
    target_fingerprint = fields.Function(
        fields.Char("Fingerprint of the Target",
            states={
                'invisible': ~Eval('target_identity'),
                }),
        'get_fingerprint')
    offered_identity = fields.Text("Identity Offered", readonly=True)
    offered_fingerprint = fields.Function(
        fields.Char("Fingerprint Offered",
            states={
                'invisible': ~Eval('offered_identity'),
                },
            help="Of the key the connection shows. Nothing is sealed to it "
            "before it was compared with the target's administrator."),
        'get_fingerprint')
    key_changed_at = fields.DateTime("Another Key Seen", readonly=True,
        states={
            'invisible': ~Eval('key_changed_at'),
            })
    key_state = fields.Function(fields.Selection([
                (UNREAD, "Not Read Yet"),
                (OFFERED, "To Be Compared"),
                (PINNED, "Compared"),
                (CHANGED, "Changed: Refused"),
                ], "Key of the Target", sort=False),
        'get_key_state')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.told_fingerprint.states = {
            'invisible': ~Eval('offered_identity'),
            }
        cls._buttons.update({
                'fingerprints_agree': {
                    'invisible': ~Eval('offered_identity'),
                    'readonly': ~Eval('told_fingerprint'),
                    'depends': ['offered_identity', 'told_fingerprint'],
                    'icon': 'tryton-ok',
                    },
                })

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree/field[@name="key_state"]', 'visual',
                If(Eval('key_state') == CHANGED, 'danger',
                    If(Eval('key_state') == PINNED, 'success', 'warning'))),
            ]

    @classmethod
    def get_fingerprint(cls, databases, names):
        return {
            name: {
                d.id: fingerprint_of(getattr(
                        d, name.replace('fingerprint', 'identity')))
                for d in databases}
            for name in names}

    def get_key_state(self, name):
        if not self.target_identity:
            return OFFERED if self.offered_identity else UNREAD
        return CHANGED if self.key_changed_at else PINNED

    @classmethod
    @ModelView.button
    def fingerprints_agree(cls, databases):
        "Pin the key that was offered and compared, in place of any other"
        for database in databases:
            offered = database.offered_identity
            if not offered:
                raise FingerprintError(gettext(
                        'mbank.msg_fingerprint_none',
                        record=database.rec_name))
            cls.write([database], {
                    **database._compare(offered),
                    'target_identity': offered,
                    'offered_identity': None,
                    'key_changed_at': None,
                    # It is another answer now.
                    'checked_at': None,
                    'check_passed': None,
                    'check_result': None,
                    })

    def require_key(self, found, by_hand=False):
        """Refuse another key than the pinned one; found is what is shown.

        The other is kept to be compared, in a transaction of its own unless
        an administrator looks by hand; who then finds the pinned one again
        has done with the other. Raises TargetKeyError.
        """
        cls = self.__class__
        if self.target_identity == found.public_identity:
            if by_hand and (self.offered_identity or self.key_changed_at):
                cls.write([self], {
                        'offered_identity': None,
                        'told_fingerprint': None,
                        'key_changed_at': None,
                        })
            return
        if by_hand:
            cls._offer(self.id, found.public_identity)
        else:
            independent.run(cls._offer, self.id, found.public_identity)
        raise TargetKeyError(gettext(
                'mbank.msg_target_key_changed' if self.target_identity
                else 'mbank.msg_target_key_unpinned',
                profile=self.rec_name,
                fingerprint=fingerprint_of(found.public_identity)))

    @classmethod
    def _offer(cls, database_id, identity):
        database = cls(database_id)
        values = {}
        if database.offered_identity != identity:
            # What was typed in was meant for the other.
            values = {'offered_identity': identity, 'told_fingerprint': None}
        # Told once, however often and whatever is shown afterwards.
        changed = database.target_identity and not database.key_changed_at
        if changed:
            values['key_changed_at'] = utcnow()
        if values:
            cls.write([database], values)
        if changed:
            telling.tell(
                database,
                telling.users_of('group_mbank_admin'),
                lambda database: gettext(
                    'mbank.msg_target_key_label', profile=database.rec_name),
                lambda database: gettext(
                    'mbank.msg_target_key_changed',
                    profile=database.rec_name,
                    fingerprint=database.offered_fingerprint))
