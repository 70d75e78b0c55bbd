# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Connection strings: host=…;port=…;username=…;password=…;Database=…

Pure: no database, no ERP. A refusal names the part by its key or its place,
never by a text that could be a piece of the password.

Where the connection leaves this machine it is encrypted, and the server shows
a certificate of its name (sslmode verify-full); a weaker sslmode takes a
setting beside the string. The modes that fall back to plain text when the
server says so are none.
"""
import ipaddress
import re
from dataclasses import dataclass, field

#: Shown in place of the password.
MASK = '***'
DEFAULT_PORT = 5432
VERIFIED = 'verify-full'
#: What sslmode of PostgreSQL may be here.  # S-500
SSL_MODES = ('disable', 'require', 'verify-ca', VERIFIED)
#: Whether they encrypt is the server's, or a man in the middle's, choice.
FALLING_BACK = ('allow', 'prefer')
#: The one name that is taken for this machine: it is never looked up.
LOCALHOST = 'localhost'
# S-782
_NAME = re.compile(r'[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?')
_LONGEST_NAME = 253  # S-782
#: The keys as they are written, by what is compared.
_KEYS = {
    'host': 'host',
    'port': 'port',
    'username': 'username',
    'password': 'password',
    'database': 'Database',
    'sslmode': 'sslmode',
    }
_REQUIRED = ('host', 'username', 'database')


class ConnectionStringError(Exception):
    """The text is no connection string.

    code says what is wrong, parameters name the part.
    """

    def __init__(self, code, **parameters):
        super().__init__(code)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True)
class ConnectionString:
    "Where a database is and who connects to it"
    host: str
    username: str
    database: str
    port: int = DEFAULT_PORT
    sslmode: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text):
        """Read a connection string.

        Keys are taken in any case, blanks around them and around values are
        left out; a value with a semicolon or with blanks at its ends stands
        in single or double quotes, the quote itself doubled. Raises
        ConnectionStringError.
        """
        values = {}
        last = None
        for number, part in enumerate(_parts(text), 1):
            if not part.strip():
                continue
            name, equals, value = part.partition('=')
            key = name.strip().lower()
            if equals and key == 'sslrootcert':
                # Whether there is such a file would be told to the client.
                raise ConnectionStringError('rootcert')
            if not equals or key not in _KEYS:
                if not equals or last == 'password':
                    # It may be the rest of a password with a semicolon.
                    raise ConnectionStringError(
                        'part', number=number, keys=_keys())
                raise ConnectionStringError(
                    'key', key=name.strip(), keys=_keys())
            if key in values:
                raise ConnectionStringError('twice', key=_KEYS[key])
            values[key] = _unquoted(value, _KEYS[key])
            last = key
        for key in _REQUIRED:
            if not values.get(key):
                raise ConnectionStringError('missing', key=_KEYS[key])
        values['host'] = _host(values['host'])
        values['port'] = _port(values.get('port'))
        values['sslmode'] = _sslmode(values.get('sslmode'))
        values['password'] = values.get('password') or None
        return cls(**values)

    @property
    def is_socket(self):
        "Whether the host is the folder, or the abstract name, of a socket"
        return self.host[0] in '/@'

    @property
    def is_localhost(self):
        return self.host.lower().rstrip('.') == LOCALHOST

    @property
    def is_loopback(self):
        """Whether the host is an address of this machine for itself.

        Other names that are found to be there are not: who answers for names
        says otherwise tomorrow.
        """
        address = _address(self.host)
        return self.is_localhost or bool(address and address.is_loopback
            and getattr(address, 'ipv4_mapped', None) is None)

    @property
    def is_local(self):
        "Whether the connection does not leave this machine"
        return self.is_socket or self.is_loopback

    @property
    def mode(self):
        "The sslmode that is used"
        if self.is_socket:
            return 'disable'
        return self.sslmode or ('disable' if self.is_loopback else VERIFIED)

    @property
    def is_safe(self):
        "Whether nobody on the way reads it or answers in the server's place"
        return self.is_local or self.mode == VERIFIED

    @property
    def masked(self):
        "The string without the password"
        parts = [
            ('host', self.host),
            ('port', str(self.port)),
            ('username', self.username),
            ('password', MASK if self.password else None),
            ('Database', self.database),
            ('sslmode', self.sslmode),
            ]
        return ';'.join(
            '%s=%s' % (key, _quoted(value)) for key, value in parts if value)


def _keys():
    return ', '.join(_KEYS.values())


def _parts(text):
    "The parts between semicolons outside of quotes"
    parts, part, quote = [], '', None
    for character in text or '':
        if quote:
            # A doubled quote closes and opens again.
            if character == quote:
                quote = None
        elif character in '\'"' and (
                part.rstrip().endswith('=')
                or (part.endswith(character)
                    and part.partition('=')[2].lstrip()[0] == character)):
            quote = character
        elif character == ';':
            parts.append(part)
            part = ''
            continue
        part += character
    if quote:
        raise ConnectionStringError('quote', number=len(parts) + 1)
    return parts + [part]


def _unquoted(value, key):
    value = value.strip()
    if value[:1] in {"'", '"'}:
        quote = value[0]
        inner = value[1:-1]
        if len(value) < 2 or value[-1] != quote or (
                quote in inner.replace(quote * 2, '')):
            raise ConnectionStringError('quoted', key=key)
        value = inner.replace(quote * 2, quote)
    if any(ord(character) < 32 for character in value):
        raise ConnectionStringError('quoted', key=key)
    return value


def _quoted(value):
    if ';' in value or value != value.strip() or value[:1] in {"'", '"'}:
        return '"%s"' % value.replace('"', '""')
    return value


def _address(text):
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _host(text):
    """A name, an address or the folder of a socket; nothing else.

    Several hosts with commas, zones of addresses and the like are what the
    driver would understand, and the checks here would not.
    """
    if text[0] in '/@':
        return text
    if text.startswith('[') and text.endswith(']'):
        text = text[1:-1]
    if '%' in text or not (
            _address(text)
            or len(text) <= _LONGEST_NAME and _NAME.fullmatch(text)):
        raise ConnectionStringError('host', value=text[:_LONGEST_NAME])
    return text


def _port(text):
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 65536:
        raise ConnectionStringError('port', value=text)
    return int(text)


def _sslmode(text):
    if not text:
        return None
    if text.lower() in FALLING_BACK:
        raise ConnectionStringError(
            'fallback', value=text.lower(), modes=', '.join(SSL_MODES))
    if text.lower() not in SSL_MODES:
        raise ConnectionStringError(
            'sslmode', value=text, modes=', '.join(SSL_MODES))
    return text.lower()
