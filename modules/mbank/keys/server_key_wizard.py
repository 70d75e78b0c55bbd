# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The administrator's dialogs on keys on the server."""
import json

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Bool, Eval
from trytond.transaction import without_check_access
from trytond.wizard import (
    Button, StateAction, StateTransition, StateView, Wizard)

from .. import gateway, independent
from ..clock import local_text
from ..exceptions import KeyStoreError
from ..keyring import vault
from ..keyring.sealed import ForgetfulMixin
from ..rights import EntitledMixin, check_right
from .server_key import KEPT, KINDS, PIN_WAYS, PKCS12, TOKEN, TOKEN_PIN_WAYS
from .server_key_use import signer_of

#: A token that shows its certificates only after its PIN, as a choice.
_HIDDEN = 'hidden'

_of_file = {
    'invisible': Eval('kind') != PKCS12,
    'required': Eval('kind') == PKCS12,
    }
_without_pin = Eval('pin_way').in_(sorted(TOKEN_PIN_WAYS))


class AdminMixin(EntitledMixin, ForgetfulMixin):
    "A wizard of the administrator's, that forgets PINs"
    _right = 'group_mbank_admin'


class RegisterServerKey(AdminMixin, Wizard):
    __name__ = 'mbank.server_key.register'
    _forgotten = {
        'start': ['file_', 'pin_password'],
        'choose': ['pin_password'],
        }

    start = StateView(
        'mbank.server_key.register.start',
        'mbank.server_key_register_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Next", 'next_', 'tryton-forward', default=True),
            ])
    next_ = StateTransition()
    choose = StateView(
        'mbank.server_key.register.choose',
        'mbank.server_key_register_choose_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Back", 'start', 'tryton-back', validate=False),
            Button("Show the Certificates behind the PIN", 'show',
                'tryton-search', validate=False, states={
                    'invisible': ~Bool(Eval('hidden')),
                    }),
            Button("Register", 'register', 'tryton-ok', default=True,
                states={
                    'invisible': Bool(Eval('hidden')),
                    }),
            ])
    show = StateTransition()
    register = StateTransition()
    open_ = StateAction('mbank.act_server_key_form')

    @without_check_access
    def transition_next_(self):
        ServerKey = Pool().get('mbank.server_key')
        start = self.start
        content, pin = bytes(start.file_ or b''), start.pin_password or ''
        self._forget()
        check_right('group_mbank_admin')
        vault.check()
        if start.kind == TOKEN:
            self.choose.choices = self._choices(
                gateway.list_tokens(start.module))
            return 'choose'
        signer = gateway.load_signer(content, pin)
        gateway.probe(signer)
        self._open(ServerKey.register(
                gateway.certificate_values(signer), start.pin_way,
                pin=pin, content=content))
        return 'open_'

    @staticmethod
    def _choices(listed):
        "What there is to choose: keys, and tokens that hide theirs"
        choices = []
        for item in listed.keys:
            name = gettext('mbank.msg_server_key_choice',
                name=item.values['name'], token=item.key.token,
                valid_to=local_text(item.values['valid_to']))
            if item.unusable:
                name += ' – ' + item.unusable
            choices.append([_choice_of(item), name])
        choices += [
            [json.dumps([_HIDDEN, t.label, t.serial, t.slot]),
                gettext('mbank.msg_server_key_choice_hidden', token=t)]
            for t in listed.hidden]
        if not choices:
            raise KeyStoreError.of('mbank.msg_server_key_no_token')
        return json.dumps(choices)

    def default_choose(self, fields):
        choices = json.loads(self.choose.choices)
        return {
            'choices': self.choose.choices,
            'choice': choices[0][0] if len(choices) == 1 else None,
            }

    def _token(self):
        "The token of the choice"
        _, place = _read_choice(self.choose.choice)
        return gateway.Token(self.start.module, *place)

    @without_check_access
    def transition_show(self):
        pin = self.choose.pin_password or ''
        self._forget()
        check_right('group_mbank_admin')
        self.choose.choices = self._choices(
            gateway.list_token(self._token(), pin))
        return 'choose'

    @without_check_access
    def transition_register(self):
        ServerKey = Pool().get('mbank.server_key')
        pin = self.choose.pin_password or ''
        pin_way = self.choose.pin_way
        self._forget()
        check_right('group_mbank_admin')
        vault.check()
        typed = pin if pin_way not in TOKEN_PIN_WAYS else None
        item = self._chosen(typed)
        with gateway.unlocked(item.key, typed) as signer:
            gateway.probe(signer)
        self._open(ServerKey.register(
                item.values, pin_way, pin=pin, key=item.key))
        return 'open_'

    def _chosen(self, pin):
        """What was chosen, read from the token anew.

        A choice names it and says nothing else of it.
        """
        token = self._token()
        listed = gateway.list_tokens(self.start.module)
        if token in listed.hidden:
            listed = gateway.list_token(token, pin)
        for item in listed.keys:
            if _choice_of(item) == self.choose.choice:
                return item
        raise KeyStoreError.of('mbank.msg_server_key_no_token')

    def _open(self, key):
        self.start.registered = key.id

    def do_open_(self, action):
        action['views'].reverse()
        return action, {'res_id': [self.start.registered]}


def _choice_of(item):
    token = item.key.token
    return json.dumps([
            item.values['fingerprint'], token.label, token.serial, token.slot,
            item.key.key_id])


def _read_choice(choice):
    "The kind of the choice, or its fingerprint, and its place on the token"
    try:
        kind, label, serial, slot, *_ = json.loads(choice or '')
    except (ValueError, TypeError) as error:
        raise KeyStoreError.of('mbank.msg_server_key_no_token') from error
    return kind, (label, serial, slot)


class RegisterServerKeyStart(ModelView):
    __name__ = 'mbank.server_key.register.start'

    kind = fields.Selection(KINDS, "Kind", required=True, sort=False,
        help="A token is an HSM, a card or a cloud signature, behind a "
        "PKCS#11 module of the server.\nA PKCS#12 is kept here, sealed.")
    module = fields.Selection('get_modules', "PKCS#11 Module",
        states={
            'invisible': Eval('kind') != TOKEN,
            'required': Eval('kind') == TOKEN,
            },
        help="Those of pkcs11_modules in the configuration file of the "
        "server.")
    file_ = fields.Binary("File", filename='file_name', states=_of_file,
        help="The PKCS#12 file (.p12 or .pfx).")
    file_name = fields.Char("File Name")
    pin_way = fields.Selection(
        [way for way in PIN_WAYS if way[0] not in TOKEN_PIN_WAYS],
        "Source of PIN", sort=False, states=_of_file,
        help="Kept here: sessions are renewed with the key without a person.")
    pin_password = fields.Char("PIN or Password", strip=False,
        states=_of_file,
        help="Of the file. It signs a probe now.")
    registered = fields.Integer("Registered", readonly=True)

    @classmethod
    def default_kind(cls):
        return TOKEN if gateway.token_modules() else PKCS12

    @classmethod
    def default_module(cls):
        modules = list(gateway.token_modules())
        return modules[0] if len(modules) == 1 else None

    @classmethod
    def default_pin_way(cls):
        return KEPT

    @fields.depends('kind')
    def get_modules(self):
        return [(None, '')] + [
            (name, name) for name in sorted(gateway.token_modules())]


class RegisterServerKeyChoose(ModelView):
    __name__ = 'mbank.server_key.register.choose'

    choices = fields.Text("Choices", readonly=True)
    choice = fields.Selection('get_choices', "Key", required=True, sort=False)
    hidden = fields.Function(
        fields.Boolean("Hidden"), 'on_change_with_hidden')
    pin_way = fields.Selection(
        PIN_WAYS, "Source of PIN", required=True, sort=False,
        help="Kept here, or none: sessions are renewed with the key without "
        "a person.")
    pin_password = fields.Char("PIN", strip=False,
        states={
            'invisible': _without_pin,
            'required': ~_without_pin,
            },
        help="Of the token. It signs a probe now.")

    @classmethod
    def default_pin_way(cls):
        return KEPT

    @fields.depends('choices')
    def get_choices(self):
        return [(None, '')] + [
            tuple(c) for c in json.loads(self.choices or '[]')]

    @fields.depends('choice')
    def on_change_with_hidden(self, name=None):
        return bool(self.choice) and _read_choice(self.choice)[0] == _HIDDEN


class SetServerKeyPin(AdminMixin, Wizard):
    __name__ = 'mbank.server_key.pin'
    _forgotten = {'start': ['pin_password']}

    start = StateView(
        'mbank.server_key.pin.start',
        'mbank.server_key_pin_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("OK", 'set_', 'tryton-ok', default=True),
            ])
    set_ = StateTransition()

    def default_start(self, fields):
        check_right('group_mbank_admin')
        return {'kind': self.record.kind, 'pin_way': self.record.pin_way}

    @without_check_access
    def transition_set_(self):
        ServerKey = Pool().get('mbank.server_key')
        way, pin = self.start.pin_way, self.start.pin_password or ''
        self._forget()
        check_right('group_mbank_admin')
        key = self.record
        if key.kind == PKCS12 and way in TOKEN_PIN_WAYS:
            raise KeyStoreError.of('mbank.msg_server_key_file_pin')
        # The claim has changed the key beside this transaction, which could
        # not write it any more.
        if way == KEPT:
            with signer_of(key.id, pin=pin) as signer:
                gateway.probe(signer)
            independent.run(ServerKey.keep_pin, key.id, pin)
        else:
            independent.run(ServerKey.forget_pin, key.id, way)
        return 'end'

    def end(self):
        return 'reload'


class SetServerKeyPinStart(ModelView):
    __name__ = 'mbank.server_key.pin.start'

    kind = fields.Selection(KINDS, "Kind", readonly=True)
    pin_way = fields.Selection(
        PIN_WAYS, "Source of PIN", required=True, sort=False,
        help="Kept here, or none: sessions are renewed with the key without "
        "a person.")
    pin_password = fields.Char("PIN or Password", strip=False,
        states={
            'invisible': Eval('pin_way') != KEPT,
            'required': Eval('pin_way') == KEPT,
            },
        help="It signs a probe before it is sealed.")


class TestServerKey(AdminMixin, Wizard):
    __name__ = 'mbank.server_key.test'
    start_state = 'begin'
    _forgotten = {'ask': ['pin_password']}

    begin = StateTransition()
    ask = StateView(
        'mbank.server_key.test.ask',
        'mbank.server_key_test_ask_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Test", 'try_', 'tryton-ok', default=True),
            ])
    try_ = StateTransition()
    result = StateView(
        'mbank.server_key.test.result',
        'mbank.server_key_test_result_view_form', [
            Button("Close", 'end', 'tryton-close', default=True),
            ])

    def transition_begin(self):
        check_right('group_mbank_admin')
        return 'ask' if self.record.asks_pin else 'try_'

    @without_check_access
    def transition_try_(self):
        pin = getattr(self.ask, 'pin_password', None)
        if pin is not None:
            self._forget()
        check_right('group_mbank_admin')
        key = self.record
        with signer_of(
                key.id, pin=(pin or '') if key.asks_pin else None,
                attended=True) as signer:
            taken = gateway.probe(signer)
        lang = Pool().get('ir.lang').get()
        self.result.message = gettext(
            'mbank.msg_server_key_tested', key=key.name,
            seconds=lang.format_number(taken, digits=3),
            valid_to=local_text(key.valid_to))
        return 'result'

    def default_result(self, fields):
        return {'message': self.result.message}

    def end(self):
        return 'reload'


class TestServerKeyAsk(ModelView):
    __name__ = 'mbank.server_key.test.ask'

    pin_password = fields.Char("PIN or Password", required=True, strip=False,
        help="It is used for one signature and not stored.")


class TestServerKeyResult(ModelView):
    __name__ = 'mbank.server_key.test.result'

    message = fields.Text("Result", readonly=True)
