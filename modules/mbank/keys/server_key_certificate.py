# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Keys on the server among the certificates of those who may use them."""
from contextlib import contextmanager

from trytond.i18n import gettext
from trytond.model import fields
from trytond.model.exceptions import AccessError
from trytond.pool import PoolMeta
from trytond.transaction import without_check_access

from .server_key_use import signer_of


class Certificate(metaclass=PoolMeta):
    __name__ = 'mbank.certificate'

    server_key = fields.Many2One(
        'mbank.server_key', "Key on the Server", readonly=True,
        ondelete='SET NULL')

    @classmethod
    def search_key_kept(cls, name, clause):
        _, operator, value = clause
        if bool(value) == (operator == '='):
            return ['OR',
                super().search_key_kept(name, clause),
                ('server_key', '!=', None)]
        return [
            super().search_key_kept(name, clause), ('server_key', '=', None)]

    def get_pin_asked(self, name):
        if self.server_key:
            return self.server_key.asks_pin
        return super().get_pin_asked(name)

    def get_unattended(self, name):
        return bool(self.server_key and self.server_key.unattended)

    def _name_message(self):
        if self.server_key and not self.expired:
            return 'mbank.msg_certificate_name_server'
        return super()._name_message()

    @classmethod
    def copy(cls, certificates, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('server_key')
        return super().copy(certificates, default=default)

    @classmethod
    def give_server_key(cls, user, key):
        "Let the user choose the key on the server as a certificate"
        known = cls.search([
                ('user', '=', user.id),
                ('fingerprint', '=', key.fingerprint),
                ])
        if known:
            cls.write(known, {'server_key': key.id})
        else:
            cls.create([{
                        'user': user.id,
                        'server_key': key.id,
                        'name': key.name,
                        **key.certificate_facts,
                        }])

    @classmethod
    def take_server_key(cls, user, key):
        "Leave the user the public part alone"
        cls.write(cls.search([
                    ('user', '=', user.id),
                    ('server_key', '=', key.id),
                    ]), {'server_key': None})

    @classmethod
    def check_modification(
            cls, mode, certificates, values=None, external=False):
        super().check_modification(
            mode, certificates, values=values, external=external)
        if mode == 'delete' and external:
            for certificate in certificates:
                if certificate.server_key:
                    raise AccessError(gettext(
                            'mbank.msg_certificate_of_server_key',
                            certificate=certificate.name))

    @contextmanager
    def signer(self, pin):
        key = self.server_key
        if not key:
            with super().signer(pin) as signer:
                yield signer
            return
        with signer_of(
                key.id, self.user.id, pin if key.asks_pin else None,
                attended=True) as signer:
            yield signer

    @classmethod
    @contextmanager
    def unattended_signer(cls, certificate_id, user):
        with without_check_access():
            certificates = cls.search([
                    ('id', '=', certificate_id),
                    ('user', '=', user),
                    ('server_key', '!=', None),
                    ])
            key_ids = [c.server_key.id for c in certificates]
        if not key_ids:
            with super().unattended_signer(certificate_id, user) as signer:
                yield signer
            return
        with signer_of(key_ids[0], user) as signer:
            yield signer
