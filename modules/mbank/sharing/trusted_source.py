# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The databases whose shares are opened here."""
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, Unique, fields)
from trytond.pyson import Bool, Eval
from trytond.transaction import without_check_access

from ..keyring import vault
from .key_comparison import ComparedMixin, fingerprint_of


class TrustedSource(ComparedMixin, DeactivableMixin, ModelSQL, ModelView):
    "A database whose shares are opened here, once its key was compared"
    __name__ = 'mbank.trusted_source'
    _of_comparison = ComparedMixin._of_comparison | {'identity'}

    name = fields.Char("Name", required=True)
    public_identity = fields.Text("Public Identity", required=True,
        help="As the other database shows it under "
        "\"Identity of this Database\".")
    identity = fields.Char("Identity", readonly=True)
    fingerprint = fields.Function(fields.Char("Fingerprint",
            help="Compare it with the one the other database shows."),
        'on_change_with_fingerprint')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('name', 'ASC'), ('id', 'ASC')]
        table = cls.__table__()
        cls._sql_constraints += [
            ('identity_unique', Unique(table, table.identity),
                'mbank.msg_trusted_source_unique'),
            ]
        cls.told_fingerprint.states = {
            'invisible': Bool(Eval('compared_at')),
            }
        cls._buttons.update({
                'fingerprints_agree': {
                    'invisible': Bool(Eval('compared_at')),
                    'readonly': ~Eval('told_fingerprint'),
                    'depends': ['compared_at', 'told_fingerprint'],
                    'icon': 'tryton-ok',
                    },
                })

    @fields.depends('public_identity')
    def on_change_with_fingerprint(self, name=None):
        return fingerprint_of(self.public_identity)

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if 'public_identity' in values:
            stored, identity, _ = vault.read_identity(
                (values['public_identity'] or '').strip())
            values.update(
                public_identity=stored, identity=identity,
                # Another key has not been compared.
                compared_at=None, compared_by=None)
        return values

    @classmethod
    @ModelView.button
    def fingerprints_agree(cls, sources):
        "Trust the source: its shares are opened from now on"
        for source in sources:
            cls.write([source], source._compare(source.public_identity))

    @classmethod
    @without_check_access
    def trusted(cls):
        "The sources whose keys were compared: identity to record"
        return {
            s.identity: s
            for s in cls.search([('compared_at', '!=', None)])}
