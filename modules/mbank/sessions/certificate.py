# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Certificates of qualified signatures, and their registration."""
import datetime as dt
from contextlib import contextmanager

from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .. import gateway, independent, telling
from ..clock import local_text, utcnow
from ..exceptions import CertificateRegisterError, PinNotKeptError
from ..keyring import vault
from ..keyring.sealed import ForgetfulMixin, SealedMixin
from ..rights import EntitledMixin, check_right
from .certificate_facts import CertificateFactsMixin


#: The days before its end at which the user of a certificate is told, once
#: each.
WARNINGS = (60, 30, 7)
#: How near the end of a certificate is from its first warning on.
SOON = dt.timedelta(days=WARNINGS[0])


class Certificate(
        CertificateFactsMixin, SealedMixin, ModelSQL, ModelView):
    __name__ = 'mbank.certificate'
    _sealed_fields = ('content',)

    user = fields.Many2One(
        'res.user', "User", required=True, readonly=True,
        ondelete='CASCADE')
    name = fields.Char("Name", required=True, readonly=True)
    expires_soon = fields.Function(
        fields.Boolean("Expires Soon"), 'get_expires_soon')
    content = fields.Binary("PKCS#12", readonly=True)
    key_kept = fields.Function(
        fields.Boolean("Key Kept Here",
            help="Checked: the key is kept here, sealed, or on the server, "
            "and signs with its PIN.\nOtherwise this is the public part; the "
            "key is on the workstation, a card or in the cloud."),
        'get_key_kept', searcher='search_key_kept')
    pin_asked = fields.Function(
        fields.Boolean("PIN Is Asked For"), 'get_pin_asked')
    unattended = fields.Function(
        fields.Boolean("Signs Unattended",
            help="The key signs here without a person: sessions are renewed "
            "with it."),
        'get_unattended')
    warned = fields.Integer("Warned", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('valid_to', 'DESC'), ('id', 'DESC')]
        table = cls.__table__()
        cls._sql_constraints += [
            ('user_fingerprint_unique',
                Unique(table, table.user, table.fingerprint),
                'mbank.msg_certificate_unique'),
            ]

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree/field[@name="valid_to"]', 'visual',
                If(Eval('expired'), 'danger',
                    If(Eval('expires_soon'), 'warning', 'success')))]

    def get_expires_soon(self, name):
        return (not self.expired and bool(self.valid_to)
            and self.valid_to - utcnow() <= SOON)

    @property
    def _days_left(self):
        return (self.valid_to - utcnow()) / dt.timedelta(days=1)

    @classmethod
    def get_key_kept(cls, certificates, name):
        kept = {c.id for c in cls.search([
                    ('id', 'in', [c.id for c in certificates]),
                    ('key_kept', '=', True)])}
        return {c.id: c.id in kept for c in certificates}

    @classmethod
    def search_key_kept(cls, name, clause):
        _, operator, value = clause
        if bool(value) == (operator == '='):
            return [('content', '!=', None)]
        return [('content', '=', None)]

    def get_pin_asked(self, name):
        return self.key_kept

    def get_unattended(self, name):
        return False

    def get_rec_name(self, name):
        return gettext(
            self._name_message(), name=self.name,
            valid_to=local_text(self.valid_to))

    def _name_message(self):
        "The id of the message that names it"
        return (
            'mbank.msg_certificate_name_expired' if self.expired
            else 'mbank.msg_certificate_name_soon' if self.expires_soon
            else 'mbank.msg_certificate_name')

    @classmethod
    def copy(cls, certificates, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('user', Transaction().user)
        default.setdefault('warned')
        return super().copy(certificates, default=default)

    @classmethod
    def register(cls, user, values, content=None):
        """Register a certificate for the user.

        values are those of the gateway, content its PKCS#12 or None for the
        public part alone. A key is added to a public part that is there.
        """
        known = cls.search([
                ('user', '=', user),
                ('fingerprint', '=', values['fingerprint']),
                ])
        if content is None or not known or known[0].key_kept:
            # The constraint says it if the certificate is there already.
            certificate, = cls.create([{**values, 'user': user}])
        else:
            certificate, = known
        if content is not None:
            cls.write([certificate], {
                    'content': vault.seal(certificate, 'content', content)})
        return certificate

    @classmethod
    def keep(cls, user, values):
        "The id of the user's certificate, registered if it is not yet"
        known = cls.search([
                ('user', '=', user),
                ('fingerprint', '=', values['fingerprint']),
                ])
        return (known[0] if known else cls.register(user, values)).id

    # Signing

    @contextmanager
    def signer(self, pin):
        """A signer with the key that is here, as somebody asks for it.

        The PIN is used where one is asked for. Raises a SigningError.
        """
        yield gateway.load_signer(vault.open_stored(self, 'content'), pin)

    @classmethod
    @contextmanager
    def unattended_signer(cls, certificate_id, user):
        """A signer without anybody, for the two signatures of a session.

        user is the id of whose session it is for: the certificate must be
        the user's, and its key on the server, with a PIN that is kept or
        none, and the user named on it. Raises a SigningError, or another
        MBankError of the vault; nothing was sent to the bank by then.
        """
        raise PinNotKeptError.of('mbank.msg_certificate_no_server_key')
        yield

    @classmethod
    def give_up(cls, reason):
        cls.delete(cls.search([]))

    # The daily warning

    @classmethod
    @without_check_access
    def warn(cls):
        "Tell the users whose certificates end soon, once for each threshold"
        now = utcnow()
        for certificate in cls.search([
                    ('valid_to', '>', now),
                    ('valid_to', '<=', now + dt.timedelta(days=WARNINGS[0])),
                    ]):
            independent.run(cls._warn_one, certificate.id)

    @classmethod
    def _warn_one(cls, certificate_id):
        certificate = cls(certificate_id)
        threshold = min(
            days for days in WARNINGS if certificate._days_left <= days)
        if certificate.warned and certificate.warned <= threshold:
            return
        cls.write([certificate], {'warned': threshold})
        telling.tell(
            certificate, [certificate.user],
            lambda certificate: gettext(
                'mbank.msg_certificate_expiring_label',
                certificate=certificate.name,
                valid_to=local_text(certificate.valid_to)),
            lambda _: gettext('mbank.msg_certificate_expiring'))


class RegisterCertificate(EntitledMixin, ForgetfulMixin, Wizard):
    __name__ = 'mbank.certificate.register'
    _right = 'group_session_create'
    _forgotten = {'start': ['file_', 'pin_password']}

    start = StateView(
        'mbank.certificate.register.start',
        'mbank.certificate_register_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Register", 'register', 'tryton-ok', default=True),
            ])
    register = StateTransition()

    def transition_register(self):
        start = self.start
        kind, content, pin = start.kind, start.file_, start.pin_password
        self._forget()
        check_right('group_session_create')
        self._register(kind, bytes(content or b''), pin or '')
        return 'end'

    @without_check_access
    def _register(self, kind, content, pin):
        Certificate = Pool().get('mbank.certificate')
        if kind == 'public':
            if b'PRIVATE KEY' in content:
                raise CertificateRegisterError(gettext(
                        'mbank.msg_certificate_private_key'))
            values, kept = gateway.read_certificate_file(content), None
        else:
            values = gateway.certificate_values(
                gateway.load_signer(content, pin))
            kept = content
        return Certificate.register(Transaction().user, values, kept)


class RegisterCertificateStart(ModelView):
    __name__ = 'mbank.certificate.register.start'

    kind = fields.Selection([
            ('public', "Certificate (Public Part)"),
            ('pkcs12', "PKCS#12 with Its Key"),
            ], "Kind", required=True, sort=False,
        help="The public part serves a key on the workstation, a card or in "
        "the cloud.\nA PKCS#12 is kept here, sealed, and signs with its PIN.")
    file_ = fields.Binary(
        "File", required=True, filename='file_name',
        help="The certificate (.cer, .crt or .pem), or the PKCS#12 file (.p12 "
        "or .pfx).")
    file_name = fields.Char("File Name")
    pin_password = fields.Char("PIN", strip=False,
        states={
            'invisible': Eval('kind') != 'pkcs12',
            'required': Eval('kind') == 'pkcs12',
            },
        help="The PIN or password of the file. It is not stored.")

    @classmethod
    def default_kind(cls):
        return 'pkcs12'
