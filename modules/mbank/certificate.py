# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from . import gateway, vault
from .exceptions import CertificateUnusableError
from .rights import check_right
from .sealed import ForgetfulMixin, SealedMixin
from .session import local_text, utcnow


class Certificate(SealedMixin, ModelSQL, ModelView):
    __name__ = 'mbank.certificate'
    _sealed_fields = ('content',)

    user = fields.Many2One(
        'res.user', "User", required=True, readonly=True,
        ondelete='CASCADE')
    name = fields.Char("Name", required=True, readonly=True)
    subject = fields.Char("Subject", readonly=True)
    issuer = fields.Char("Issuer", readonly=True)
    serial = fields.Char("Serial Number", readonly=True)
    valid_from = fields.DateTime("Valid From", readonly=True)
    valid_to = fields.DateTime("Valid To", readonly=True)
    fingerprint = fields.Char("Fingerprint", required=True, readonly=True)
    expired = fields.Function(fields.Boolean("Expired"), 'get_expired')
    content = fields.Binary("PKCS#12", readonly=True)

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

    def get_expired(self, name):
        return bool(self.valid_to and self.valid_to <= utcnow())

    def get_rec_name(self, name):
        message = (
            'mbank.msg_certificate_name_expired' if self.expired
            else 'mbank.msg_certificate_name')
        return gettext(
            message, name=self.name, valid_to=local_text(self.valid_to))

    @classmethod
    def copy(cls, certificates, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('user', Transaction().user)
        return super().copy(certificates, default=default)


class RegisterCertificate(ForgetfulMixin, Wizard):
    __name__ = 'mbank.certificate.register'
    _forgotten = {'start': ['file_', 'pin_password']}

    start = StateView(
        'mbank.certificate.register.start',
        'mbank.certificate_register_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Register", 'register', 'tryton-ok', default=True),
            ])
    register = StateTransition()

    def transition_register(self):
        content, pin = self.start.file_, self.start.pin_password
        self._forget()
        check_right('group_session_create')
        self._register(bytes(content or b''), pin or '')
        return 'end'

    @without_check_access
    def _register(self, content, pin):
        Certificate = Pool().get('mbank.certificate')
        values = gateway.certificate_values(
            gateway.load_signer(content, pin))
        if values['valid_to'] <= utcnow():
            raise CertificateUnusableError(gettext(
                    'mbank.msg_certificate_expired',
                    certificate=values['name'],
                    valid_to=local_text(values['valid_to'])))
        values['name'] = values['name'] or values['subject']
        certificate, = Certificate.create([{
                    **values, 'user': Transaction().user}])
        Certificate.write([certificate], {
                'content': vault.seal(certificate, 'content', content)})
        return certificate


class RegisterCertificateStart(ModelView):
    __name__ = 'mbank.certificate.register.start'

    file_ = fields.Binary(
        "File", required=True, filename='file_name',
        help="The PKCS#12 file (.p12 or .pfx) with the key and the "
        "certificate.")
    file_name = fields.Char("File Name")
    pin_password = fields.Char("PIN", required=True, strip=False,
        help="The PIN or password of the file. It is not stored.")
