# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The audit as a file, and the record of who took it."""
import csv
import datetime as dt
import hashlib
import io

from sql import Column
from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.tools import grouped_slice
from trytond.transaction import (
    Transaction, check_access, record_cache_size, without_check_access)
from trytond.wizard import Button, StateView, Wizard

from ..clock import aware, midnight, utcnow, zone_of
from ..exceptions import CallExportError
from ..rights import EntitledMixin, check_company, check_right
from .call import OUTCOMES

#: Rows of one file: more than a spreadsheet is pleasant with, and some 25 MB.
LIMIT = 100_000
_COLUMNS = [
    'time', 'operation', 'purpose', 'company_name', 'dik', 'account',
    'requester_name', 'authoriser_name', 'session_number', 'reference',
    'duration', 'outcome', 'bank_code']
#: A spreadsheet would take a text that begins so for a formula.
_FORMULA = ('=', '+', '-', '@', '\t', '\r')


class Export(ModelSQL, ModelView):
    __name__ = 'mbank.call.export'

    time = fields.DateTime("Time", required=True, readonly=True)
    user = fields.Many2One(
        'res.user', "User", readonly=True, ondelete='RESTRICT')
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    company = fields.Many2One(
        'company.company', "Head Office", readonly=True, ondelete='RESTRICT')
    outcome = fields.Selection(
        [(None, "")] + OUTCOMES, "Outcome", readonly=True, sort=False)
    rows = fields.Integer("Rows", required=True, readonly=True)
    sha256 = fields.Char("SHA-256", required=True, readonly=True,
        help="Of the file that was given out.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('id', 'DESC')]

    @classmethod
    def check_modification(cls, mode, exports, values=None, external=False):
        super().check_modification(
            mode, exports, values=values, external=external)
        if mode != 'create' or external:
            raise AccessError(gettext('mbank.msg_call_fixed'))


class ExportStart(ModelView):
    __name__ = 'mbank.call.export.start'

    date_from = fields.Date("From", required=True)
    date_to = fields.Date(
        "To", required=True,
        domain=[('date_to', '>=', Eval('date_from', None))])
    company = fields.Many2One(
        'company.company', "Head Office",
        help="Leave empty for all of yours.")
    outcome = fields.Selection(
        [(None, "")] + OUTCOMES, "Outcome", sort=False,
        help="Leave empty for all.")

    @classmethod
    def default_date_from(cls):
        return Pool().get('ir.date').today().replace(day=1)

    @classmethod
    def default_date_to(cls):
        return Pool().get('ir.date').today()


class ExportResult(ModelView):
    __name__ = 'mbank.call.export.result'

    file = fields.Binary("File", readonly=True, filename='file_name')
    file_name = fields.Char("File Name", readonly=True)
    rows = fields.Integer("Rows", readonly=True)


class ExportCalls(EntitledMixin, Wizard):
    __name__ = 'mbank.call.export'
    _right = 'group_audit'

    start = StateView(
        'mbank.call.export.start', 'mbank.call_export_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Export", 'result', 'tryton-export', default=True),
            ])
    result = StateView(
        'mbank.call.export.result', 'mbank.call_export_result_view_form', [
            Button("Close", 'end', 'tryton-close', default=True),
            ])

    def default_result(self, fields):
        pool = Pool()
        Export = pool.get('mbank.call.export')
        check_right('group_audit')
        start = self.start
        company = start.company
        if company:
            check_company(company)
        calls = find(start.date_from, start.date_to, company, start.outcome)
        if len(calls) > LIMIT:
            raise CallExportError(gettext(
                    'mbank.msg_call_export_limit', limit=LIMIT))
        # The value is given to the client and not kept with the wizard
        file = write(calls, company)
        with without_check_access():
            Export.create([{
                        'time': utcnow(),
                        'user': Transaction().user or None,
                        'date_from': start.date_from,
                        'date_to': start.date_to,
                        'company': company,
                        'outcome': start.outcome,
                        'rows': len(calls),
                        'sha256': hashlib.sha256(file).hexdigest(),
                        }])
        return {
            'file': file,
            'file_name': 'mbank-%s-%s.csv' % (start.date_from, start.date_to),
            'rows': len(calls),
            }


def find(date_from, date_to, company, outcome):
    """The ids of the calls the user may read, the oldest first.

    The days are those of the head office, both included; one more than the
    limit at most.
    """
    Call = Pool().get('mbank.call')
    domain = [
        ('time', '>=', midnight(date_from, company)),
        ('time', '<', midnight(date_to + dt.timedelta(days=1), company)),
        ]
    if company:
        domain.append(('company', '=', company.id))
    if outcome:
        domain.append(('outcome', '=', outcome))
    # A wizard runs without access checks
    with check_access():
        query = Call.search(
            domain, order=[('time', 'ASC'), ('id', 'ASC')], limit=LIMIT + 1,
            query=True)
    cursor = Transaction().connection.cursor()
    cursor.execute(*query)
    return [id_ for id_, *_ in cursor]


def write(calls, company=None):
    """The calls as CSV, as a Polish spreadsheet opens it by a double click.

    Semicolons and CRLF, a decimal comma, UTF-8 with a byte-order mark; times
    are those of the head office.
    """
    Call = Pool().get('mbank.call')
    names = Call.fields_get(_COLUMNS)
    outcomes = dict(names['outcome']['selection'])
    zone = zone_of(company)
    table = Call.__table__()
    cursor = Transaction().connection.cursor()
    # The sorted ids decide: the rows of one slice are put in their order
    text = io.StringIO()
    writer = csv.writer(text, delimiter=';', lineterminator='\r\n')
    writer.writerow([names[n]['string'] for n in _COLUMNS])
    for ids in grouped_slice(calls, record_cache_size(Transaction())):
        ids = list(ids)
        cursor.execute(*table.select(
                table.id, *[Column(table, n) for n in _COLUMNS],
                where=table.id.in_(ids)))
        rows = {id_: row for id_, *row in cursor}
        for id_ in ids:
            values = dict(zip(_COLUMNS, rows[id_]))
            values['time'] = aware(values['time']).astimezone(
                zone).strftime('%Y-%m-%d %H:%M:%S')
            values['outcome'] = outcomes[values['outcome']]
            values['duration'] = _seconds(values['duration'])
            writer.writerow([_cell(values[n]) for n in _COLUMNS])
    return b'\xef\xbb\xbf' + text.getvalue().encode()


def _seconds(duration):
    if duration is None:
        return None
    return ('%.3f' % duration.total_seconds()).replace('.', ',')


def _cell(value):
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
