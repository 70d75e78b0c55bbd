# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
import datetime as dt

from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.transaction import Transaction

OUTCOMES = [
    ('pending', "Under Way"),
    ('accepted', "Accepted"),
    ('refused', "Refused"),
    ('not_sent', "Not Sent"),
    ('unknown', "Unknown"),
    ]


class Call(ModelSQL, ModelView):
    __name__ = 'mbank.call'
    _rec_name = 'operation'

    time = fields.DateTime("Time", required=True, readonly=True)
    operation = fields.Char("Operation", required=True, readonly=True,
        translate=False)
    company = fields.Many2One(
        'company.company', "Head Office", readonly=True, ondelete='SET NULL')
    dik = fields.Char("DIK", readonly=True)
    requester = fields.Many2One('res.user', "Requester", readonly=True,
        help="The user who asked for the operation.")
    authoriser = fields.Many2One('res.user', "Authoriser", readonly=True,
        help="The user whose session authorised the operation.")
    session = fields.Many2One(
        'mbank.session', "Session", readonly=True, ondelete='SET NULL')
    reference = fields.Char("Reference", readonly=True)
    duration = fields.TimeDelta("Duration", readonly=True)
    outcome = fields.Selection(
        OUTCOMES, "Outcome", required=True, readonly=True, sort=False)
    bank_code = fields.Char("Bank Code", readonly=True)
    details = fields.Text("Details", readonly=True,
        help="The calls of the web service, one a line.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('time', 'DESC'), ('id', 'DESC')]
        table = cls.__table__()
        cls._sql_indexes.add(Index(table, (table.time, Index.Range())))

    @classmethod
    def default_time(cls):
        return dt.datetime.now(dt.timezone.utc).replace(
            tzinfo=None, microsecond=0)

    @classmethod
    def default_outcome(cls):
        return 'pending'

    @classmethod
    def begin(cls, operation, **values):
        "Record that a call is about to be made; returns the record's id"
        values.setdefault('requester', Transaction().user or None)
        call, = cls.create([{'operation': operation, **values}])
        return call.id

    @classmethod
    def end(cls, call_id, outcome, **values):
        "Record what came of the call"
        cls.write([cls(call_id)], {'outcome': outcome, **values})
