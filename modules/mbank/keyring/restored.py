# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""A database restored from a backup does not know what was sent since.

Each intent to send orders is counted in the database, with the transaction
that commits it, and then in the key ring, before anything leaves. A database
that counts fewer than the ring was restored: what it takes for unsent may be
with the bank. Then, and after every adoption of a database that was moved or
copied, no order leaves until a person has compared it with the bank.
"""
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction

from .. import independent
from ..clock import utcnow
from ..exceptions import DatabaseRestoredError
from ..telling import tell, users_of
from . import vault


def count_intent():
    """Count the intent that the running transaction commits.

    Returns its number, for keep_intent. Raises DatabaseRestoredError if this
    database must not send. Two at once wait for each other at the row.
    """
    table = Pool().get('mbank.database').__table__()
    cursor = Transaction().connection.cursor()
    cursor.execute(*table.update([table.intents], [table.intents + 1]))
    number, _ = _row()
    check(number - 1)
    return number


def keep_intent(number):
    "Keep the committed intent in the ring, before anything of it leaves"
    vault.note_intent(number)


def check(known=None):
    """Refuse what moves money in a database that was restored.

    known is how many intents it knows of, if not what it counts; then no
    other worker counts meanwhile. Raises
    DatabaseRestoredError.
    """
    number, waits = _row()
    if known is None:
        missing = _missing(number)
    else:
        missing = vault.intents() - known
    if missing > 0:
        raise DatabaseRestoredError(gettext(
                'mbank.msg_database_restored', count=missing))
    if waits:
        raise DatabaseRestoredError(gettext(
                'mbank.msg_database_not_compared'))


def _missing(number):
    """How many intents the ring knows of that the database does not count

    number is what the running transaction sees.
    """
    noted = vault.intents()
    if noted > number:
        # Another worker may have counted since this transaction began. The
        # ring is told after the commit, so what it knew before is seen now.
        number = max(number, independent.run(_row)[0])
    return noted - number


def _row():
    "The count of intents, and whether the comparison is still to be made"
    table = Pool().get('mbank.database').__table__()
    cursor = Transaction().connection.cursor()
    cursor.execute(*table.select(
            table.intents, table.restored, table.compared))
    number, restored, compared = cursor.fetchone()
    return number or 0, bool(restored and not compared)


def freeze():
    """Let nothing leave this database before it was compared with the bank.

    Called when it is adopted after a move, a copy or a restore. Returns how
    many intents it does not know of.
    """
    pool = Pool()
    Database = pool.get('mbank.database')
    number, _ = _row()
    noted = vault.intents()
    missing = max(noted - number, 0)
    Database.write([Database.get_singleton()], {
            'intents': max(noted, number),
            'restored': utcnow(),
            'missing_intents': missing,
            'compared': None,
            'compared_by': None,
            })
    return missing


def tell_if_behind():
    "Ring the bell of the administrators, once, when the database is behind"
    pool = Pool()
    Database = pool.get('mbank.database')
    database = Database.get_singleton()
    missing = _missing(database.intents or 0)
    if missing <= (database.missing_told or 0):
        return
    Database.write([database], {'missing_told': missing})
    tell(database, users_of('group_mbank_admin'),
        lambda d: gettext('mbank.msg_database_restored_label'),
        lambda d: gettext('mbank.msg_database_restored', count=missing))
