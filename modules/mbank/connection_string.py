# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Connection strings: host=…;port=…;username=…;password=…;Database=…

Pure: no database, no ERP. A refusal names the part by its key or its place,
never by a text that could be a piece of the password.
"""
from dataclasses import dataclass, field

#: Shown in place of the password.
MASK = '***'
DEFAULT_PORT = 5432
#: What sslmode of PostgreSQL may be.  # S-500
SSL_MODES = (
    'disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full')
#: The keys as they are written, by what is compared.
_KEYS = {
    'host': 'host',
    'port': 'port',
    'username': 'username',
    'password': 'password',
    'database': 'Database',
    'sslmode': 'sslmode',
    'sslrootcert': 'sslrootcert',
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
    sslrootcert: str | None = None
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
        values['port'] = _port(values.get('port'))
        values['sslmode'] = _sslmode(values.get('sslmode'))
        values['sslrootcert'] = values.get('sslrootcert') or None
        values['password'] = values.get('password') or None
        return cls(**values)

    @property
    def is_socket(self):
        "Whether the host is the folder of a socket"
        return self.host.startswith('/')

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
            ('sslrootcert', self.sslrootcert),
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
    if '\0' in value:
        raise ConnectionStringError('quoted', key=key)
    return value


def _quoted(value):
    if ';' in value or value != value.strip() or value[:1] in {"'", '"'}:
        return '"%s"' % value.replace('"', '""')
    return value


def _port(text):
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 65536:
        raise ConnectionStringError('port', value=text)
    return int(text)


def _sslmode(text):
    if not text:
        return None
    if text.lower() not in SSL_MODES:
        raise ConnectionStringError(
            'sslmode', value=text, modes=', '.join(SSL_MODES))
    return text.lower()
