# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The automatic settlement after an import: once, and found when it is lost."""
import datetime as dt

from sql import Null

from trytond.model import Index, fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval

from . import independent

# A settlement that fails is tried again by itself for so long
SETTLE_WITHIN = dt.timedelta(days=30)


class Statement(metaclass=PoolMeta):
    __name__ = 'account.statement'

    mbank_settled_at = fields.DateTime(
        "Settled at", readonly=True,
        help="When the automatic settlement after the import was done.")
    mbank_settle_problem = fields.Text(
        "Problem of Settlement", readonly=True,
        states={
            'invisible': ~Eval('mbank_settle_problem'),
            },
        help="Why the automatic settlement after the import failed.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(
                t, (t.mbank_imported_at, Index.Range()),
                where=(t.state == 'draft') & (t.mbank_settled_at == Null)))

    @classmethod
    def settle_imported(cls, statements):
        """Settle statements that were just imported, each once

        Run by the queue, with the ids; what a killed worker left is found by
        recover. One that cannot be settled keeps no other from it.
        """
        ids = list(map(int, statements))
        _, error = independent.attempt(cls._settle_once, ids)
        if error is None:
            return
        for id_ in ids:
            _, error = independent.attempt(cls._settle_once, [id_])
            if error is not None:
                independent.attempt(
                    cls._note_settlement, id_,
                    independent.failure_text(error))

    @classmethod
    def _settle_once(cls, ids):
        statements = [
            s for s in cls.browse(ids)
            if s.state == 'draft' and not s.mbank_settled_at]
        if statements:
            cls.settle(statements)
            # A settlement that a person undoes is not made again
            cls.write(cls.browse(statements), {
                    'mbank_settled_at': dt.datetime.now(),
                    'mbank_settle_problem': None,
                    })

    @classmethod
    def _note_settlement(cls, id_, text):
        cls.write([cls(id_)], {'mbank_settle_problem': text})

    @classmethod
    def recover_settlement(cls, lost_after):
        "Settle what the task of a killed worker left"
        now = dt.datetime.now()
        statements = cls.search([
                ('mbank_key', '!=', None),
                ('state', '=', 'draft'),
                ('mbank_settled_at', '=', None),
                ('mbank_imported_at', '<', now - lost_after),
                ('mbank_imported_at', '>', now - SETTLE_WITHIN),
                ])
        if statements:
            cls.__queue__.settle_imported(statements)

    @classmethod
    def copy(cls, statements, default=None):
        default = default.copy() if default is not None else {}
        for name in ['mbank_settled_at', 'mbank_settle_problem']:
            default.setdefault(name)
        return super().copy(statements, default=default)
