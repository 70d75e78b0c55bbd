# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Keys on the server, which named users sign with from anywhere.

Signing without the person whose key it is stays the company's decision.
# S-670 L-670
"""
import base64

from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Bool, Eval, If

from .. import gateway
from ..clock import local_text
from ..keyring import vault
from ..keyring.sealed import SealedMixin
from ..sessions.certificate_facts import CertificateFactsMixin

TOKEN, PKCS12 = 'token', 'pkcs12'
KINDS = [
    (TOKEN, "Token (PKCS#11)"),
    (PKCS12, "PKCS#12 Kept Here"),
    ]
KEPT, ASKED, DEVICE, NO_PIN = 'kept', 'asked', 'device', 'none'
PIN_WAYS = [
    (KEPT, "Kept Here, Sealed"),
    (ASKED, "Asked Each Time"),
    (DEVICE, "Typed at the Device"),
    (NO_PIN, "None"),
    ]
#: Only tokens have a keyboard of their own, or do without.
TOKEN_PIN_WAYS = {DEVICE, NO_PIN}

_of_token = {'invisible': Eval('kind') != TOKEN}


class ServerKey(CertificateFactsMixin, SealedMixin, ModelSQL, ModelView):
    __name__ = 'mbank.server_key'
    _sealed_fields = ('content', 'pin')

    name = fields.Char("Name", required=True)
    kind = fields.Selection(KINDS, "Kind", required=True, readonly=True)
    module = fields.Char("PKCS#11 Module", readonly=True, states=_of_token,
        help="Its name in the configuration file of the server.")
    token_label = fields.Char("Token", readonly=True, states=_of_token)
    token_serial = fields.Char(
        "Serial Number of the Token", readonly=True, states=_of_token)
    token_slot = fields.Integer("Slot", readonly=True)
    key_id = fields.Char("Key", readonly=True, states=_of_token)
    certificates = fields.Text("Certificates", readonly=True)
    content = fields.Binary("PKCS#12", readonly=True)
    pin_way = fields.Selection(
        PIN_WAYS, "Source of PIN", required=True, readonly=True, sort=False,
        help="Kept here, or none: sessions are renewed with the key without "
        "a person.")
    pin = fields.Binary("PIN", readonly=True)
    pin_problem = fields.Text("Problem with the PIN", readonly=True,
        states={
            'invisible': ~Eval('pin_problem'),
            })
    unattended = fields.Function(fields.Boolean("Signs Unattended"),
        'get_unattended')
    users = fields.Many2Many(
        'mbank.server_key.user', 'key', 'user', "Allowed Users",
        help="Only these users sign with the key, if they have the right to "
        "create sessions.")
    claim = fields.Char("Claim", readonly=True)
    claimed = fields.DateTime("In Use Since", readonly=True)
    pin_tried = fields.Boolean("PIN Being Tried", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('name', 'ASC'), ('id', 'ASC')]
        table = cls.__table__()
        cls._sql_constraints += [
            ('fingerprint_unique',
                Unique(table, table.fingerprint),
                'mbank.msg_server_key_unique'),
            ]
        cls._buttons.update({
                'test': {'icon': 'tryton-ok'},
                'set_pin': {'icon': 'tryton-launch'},
                })

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree/field[@name="valid_to"]', 'visual',
                If(Eval('expired'), 'danger', '')),
            ('/tree/field[@name="pin_problem"]', 'visual',
                If(Bool(Eval('pin_problem')), 'danger', '')),
            ]

    @classmethod
    def get_unattended(cls, keys, name):
        return {
            key.id: not key.expired and (
                key.pin_way == NO_PIN
                or key.pin_way == KEPT and key.keeps_pin)
            for key in keys}

    @property
    def keeps_pin(self):
        "Whether a PIN is kept here, and was not wrong"
        return vault.stored(self, 'pin') is not None

    @property
    def asks_pin(self):
        "Whether a person has to type the PIN here"
        return (self.pin_way == ASKED
            or self.pin_way == KEPT and not self.keeps_pin)

    def get_rec_name(self, name):
        return gettext(
            'mbank.msg_certificate_name', name=self.name,
            valid_to=local_text(self.valid_to))

    @classmethod
    def check_modification(cls, mode, keys, values=None, external=False):
        super().check_modification(
            mode, keys, values=values, external=external)
        if (mode == 'write' and external
                and not values.keys() <= {'name', 'users'}):
            # Where a key is and its PIN come from the dialogs alone.
            raise AccessError(gettext('mbank.msg_server_key_fixed'))

    # Registering

    @classmethod
    def register(cls, values, pin_way, pin=None, key=None, content=None):
        """Store a key that has signed its probe.

        values are those of the gateway, key its place on a token, content
        its PKCS#12.
        """
        if key is not None:
            values = {
                **values,
                'module': key.token.module,
                'token_label': key.token.label,
                'token_serial': key.token.serial,
                'token_slot': key.token.slot,
                'key_id': key.key_id,
                'certificates': '\n'.join(
                    base64.b64encode(c).decode() for c in key.certificates),
                }
        record, = cls.create([{
                    **values,
                    'kind': TOKEN if key is not None else PKCS12,
                    'pin_way': pin_way,
                    }])
        if content is not None:
            cls.write([record], {
                    'content': vault.seal(record, 'content', content)})
        if pin_way == KEPT:
            cls.keep_pin(record.id, pin)
        return record

    @classmethod
    def keep_pin(cls, key_id, pin):
        "Seal the PIN, which was right just now"
        record = cls(key_id)
        cls.write([record], {
                'pin_way': KEPT, 'pin_problem': None,
                'pin': vault.seal(record, 'pin', pin.encode())})

    @classmethod
    def forget_pin(cls, key_id, pin_way):
        "Let the PIN come from elsewhere from now on"
        cls.write([cls(key_id)], {
                'pin_way': pin_way, 'pin_problem': None, 'pin': None})

    @property
    def token_key(self):
        "Where the key is, for the gateway"
        return gateway.TokenKey(
            token=gateway.Token(
                self.module, self.token_label, self.token_serial,
                self.token_slot),
            key_id=self.key_id or '',
            certificates=tuple(
                base64.b64decode(c) for c in self.certificates.split()))

    @classmethod
    def give_up(cls, reason):
        cls.delete(cls.search([]))

    # Buttons

    @classmethod
    @ModelView.button_action('mbank.wizard_server_key_test')
    def test(cls, keys):
        pass

    @classmethod
    @ModelView.button_action('mbank.wizard_server_key_pin')
    def set_pin(cls, keys):
        pass


class ServerKeyUser(ModelSQL):
    __name__ = 'mbank.server_key.user'

    key = fields.Many2One(
        'mbank.server_key', "Key", required=True, ondelete='CASCADE')
    user = fields.Many2One(
        'res.user', "User", required=True, ondelete='CASCADE')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints += [
            ('key_user_unique',
                Unique(table, table.key, table.user),
                'mbank.msg_server_key_user_unique'),
            ]

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        "The key is among the certificates of those who may use it"
        Certificate = Pool().get('mbank.certificate')
        super().on_modification(mode, records, field_names=field_names)
        for record in records:
            if mode == 'create':
                Certificate.give_server_key(record.user, record.key)
            elif mode == 'delete':
                Certificate.take_server_key(record.user, record.key)
