# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The first look at the rows of the inbox, which anybody may have written.

Whoever has the connection string can write any number of any rows. What a row
costs here is bounded: what is too large is never read, what names no trusted
source is refused by one statement, the rest is read in batches, and of its
content nothing is believed before the signature. The newest are looked at
first, so that what came after a flood does not wait behind it.
"""
import datetime as dt
import logging
import time

from sql import Null
from sql.conditionals import Coalesce
from sql.functions import Function, Substring
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction

from .. import independent, telling
from ..clock import utcnow
from ..exceptions import (
    DatabaseNotAdoptedError, KeyRingError, ShareEnvelopeError,
    ShareRefusedError)
from ..keyring import vault
from .inbox_states import OPENED, REFUSED
from .share_message import REVOCATION, ShareMessage

#: The longest identity of a database, in characters.
SOURCE_LIMIT = 100
#: Rows that are read at once, and the seconds one run reads them.
BATCH = 100
LONGEST = 60
#: Refused rows that are kept, of those nobody trusted has signed.
KEPT = 1000
#: A row that fails for no known reason is tried so often.
MOST_TRIES = 3
#: People are told of refused rows so often at most.
BETWEEN_TELLING = dt.timedelta(days=1)

logger = logging.getLogger(__name__)


class _Length(Function):
    "Bytes of binary, characters of text; in both databases"
    __slots__ = ()
    _function = 'LENGTH'


def open_envelope(source, envelope):
    """What a trusted source has put into the envelope: (info, message).

    Raises ShareEnvelopeError or ShareRefusedError; any bytes may be in it.
    """
    info, content = vault.open_share(source.public_identity, envelope)
    try:
        return info, ShareMessage.from_bytes(content)
    except ValueError:
        raise ShareRefusedError(gettext(
                'mbank.msg_inbox_content', source=source.name)) from None


class Triage:
    """One run over the rows that wait, or over those of the ids.

    After it, refused is the number of rows it has refused.
    """

    def __init__(self, only=None):
        self.only = only
        self.refused = 0
        self._seen = set()
        self._good = []
        self._logged = False

    def run(self):
        "The ids of the good ones: (revocations, shares), the oldest first"
        try:
            independent.run(vault.check)
            independent.run(self._refuse_unread)
            end = time.monotonic() + LONGEST
            before = None
            while time.monotonic() < end:
                batch, good, refused = independent.run(self._look, before)
                self._good += [(id, kind) for id, kind, _ in good]
                self._seen |= {key for _, _, key in good}
                self.refused += refused
                if len(batch) < BATCH:
                    break
                before = batch[-1]
        except (KeyRingError, DatabaseNotAdoptedError) as error:
            # It is so for all of them, and for now.
            independent.run(self._keep_reason, error.message)
            return [], []
        if self.only is None:
            independent.run(self._clean)
        ids = sorted(self._good)
        return (
            [id for id, kind in ids if kind == REVOCATION],
            [id for id, kind in ids if kind != REVOCATION])

    def _table(self):
        return Pool().get('mbank.share.inbox').__table__()

    def _waiting(self, table):
        "The rows of the run"
        if self.only is None:
            return table.state == Null
        return table.id.in_(self.only or [-1]) & (
            Coalesce(table.state, '') != OPENED)

    def _update(self, table, where, reason, *extra):
        "Refuse the rows; returns how many"
        columns = [table.state, table.reason]
        values = [REFUSED, reason]
        for column, value in extra:
            columns.append(column)
            values.append(value)
        return _execute(table.update(columns, values, where=where)).rowcount

    def _refuse_unread(self):
        "Refuse what is too large to be read, or of nobody who is trusted"
        Source = Pool().get('mbank.trusted_source')
        table = self._table()
        large = (
            (_Length(table.source) > SOURCE_LIMIT)
            | (_Length(table.envelope) > vault.ENVELOPE_LIMIT))
        self.refused = self._update(
            table, self._waiting(table) & large,
            gettext('mbank.msg_inbox_large', limit=vault.ENVELOPE_LIMIT),
            (table.source, Substring(table.source, 1, SOURCE_LIMIT)),
            (table.envelope, Null))
        strange = (table.source == Null) | ~table.source.in_(
            list(Source.trusted()) or [''])
        self.refused += self._update(
            table, self._waiting(table) & strange,
            gettext('mbank.msg_inbox_untrusted'))

    def _look(self, before):
        """Look at the next rows before the id: (ids, good, number refused).

        The good are (id, kind, what a repetition is known by).
        """
        Source = Pool().get('mbank.trusted_source')
        table = self._table()
        sources = Source.trusted()
        where = self._waiting(table)
        if before is not None:
            where &= table.id < before
        rows = _execute(table.select(
                table.id, table.source, table.envelope, table.tries,
                where=where, order_by=table.id.desc, limit=BATCH)).fetchall()
        good, bad, seen = [], {}, set(self._seen)
        for id, source, envelope, tries in rows:
            try:
                kind, key = self._open(sources, source, envelope)
                if key in seen:
                    raise ShareRefusedError(
                        gettext('mbank.msg_inbox_replayed'))
            except (ShareEnvelopeError, ShareRefusedError) as error:
                bad.setdefault(error.message, []).append(id)
            except (KeyRingError, DatabaseNotAdoptedError):
                raise
            except Exception:
                if not self._logged:
                    logger.exception("row %s of the inbox of shares", id)
                self._logged = True
                self._count(table, id, tries)
                if (tries or 0) + 1 >= MOST_TRIES:
                    bad.setdefault(
                        gettext('mbank.msg_inbox_failed'), []).append(id)
            else:
                seen.add(key)
                good.append((id, kind, key))
        refused = sum(
            self._update(table, table.id.in_(ids), reason)
            for reason, ids in bad.items())
        return [id for id, *_ in rows], good, refused

    def _open(self, sources, source, envelope):
        if source not in sources:
            # Not trusted any more since a moment.
            raise ShareRefusedError(gettext('mbank.msg_inbox_untrusted'))
        _, message = open_envelope(sources[source], bytes(envelope or b''))
        return message.kind, (source, message.share, message.kind)

    def _count(self, table, id, tries):
        _execute(table.update(
                [table.tries], [(tries or 0) + 1], where=table.id == id))

    def _keep_reason(self, reason):
        table = self._table()
        _execute(table.update(
                [table.reason], [reason],
                where=self._waiting(table) & (
                    Coalesce(table.reason, '') != reason)))

    def _clean(self):
        "Forget the oldest of the rows that nobody trusted has signed"
        table = self._table()
        refused = (table.state == REFUSED) & (table.share_identity == Null)
        oldest = _execute(table.select(
                table.id, where=refused, order_by=table.id.desc, limit=1,
                offset=KEPT)).fetchone()
        if oldest:
            _execute(table.delete(
                    where=refused & (table.id <= oldest[0])))

    @classmethod
    def tell(cls, count):
        "Tell who administers the plugin, once a day at most"
        pool = Pool()
        Database = pool.get('mbank.database')
        Inbox = pool.get('mbank.share.inbox')
        database = Database.get_singleton()
        if (database.inbox_told
                and database.inbox_told > utcnow() - BETWEEN_TELLING):
            return
        rows = Inbox.search([('state', '=', REFUSED)], limit=1)
        if not rows:
            return
        Database.write([database], {'inbox_told': utcnow()})
        telling.tell(
            rows[0], telling.users_of('group_mbank_admin'),
            lambda row: gettext('mbank.msg_inbox_refused_label', count=count),
            lambda row: row.reason)


def _execute(query):
    cursor = Transaction().connection.cursor()
    cursor.execute(*query)
    return cursor
