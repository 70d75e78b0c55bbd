# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Statements read from files, for the tests of their import"
from trytond.modules.mbank.statements import statement_import
from trytond.modules.mbank import gateway
from trytond.pool import Pool


class Reading:
    "For a FirmCase: as the service and as a person read a file"

    def read(self, data, source='test.sta'):
        company = Pool().get('company.company')(self.company_id)
        imported = statement_import.prepare(
            company, gateway.read_statements(data, source))
        statement_import.save(imported)
        return imported

    def import_file(self, data, name='wyciag.sta'):
        "Import with the wizard, as a person does"
        pool = Pool()
        Import = pool.get('account.statement.import', type='wizard')
        Statement = pool.get('account.statement')
        session, _, _ = Import.create()
        wizard = Import(session)
        wizard.start.company = self.company_id
        wizard.start.file_ = data
        wizard.start.file_name = name
        wizard.start.file_format = 'mbank_mt940'
        _, result = wizard.do_import_({'views': [None]})
        Import.delete(session)
        return Statement.browse(result['res_id'])

    def count(self, journal):
        "The number of statements and of entries of the journal"
        pool = Pool()
        Statement = pool.get('account.statement')
        Origin = pool.get('account.statement.origin')
        return (
            Statement.search([('journal', '=', journal.id)], count=True),
            Origin.search([('statement.journal', '=', journal.id)],
                count=True))
