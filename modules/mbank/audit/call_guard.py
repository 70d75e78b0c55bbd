# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What PostgreSQL itself refuses to do to the audit.

The model refuses every change that comes through the ERP; this holds for SQL
too, by any role that may not drop the trigger. A row is completed once, loses
nothing but the link to a deleted session, and is deleted only when it is older
than the least time rows are kept. See docs/adr/0008.
"""
from trytond.transaction import Transaction

#: Days a row is kept at least: accounting evidence is kept for five years from
#: the end of its year  # S-630
LEAST_DAYS = 1827

#: What Tryton writes itself.
_FREE = {'write_uid', 'write_date'}

_FUNCTION = """
CREATE OR REPLACE FUNCTION "%(table)s_guard"() RETURNS trigger
LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (%(fixed_new)s) IS DISTINCT FROM (%(fixed_old)s)
%(links)s
            OR (OLD.outcome <> 'pending'
                AND (%(completed_new)s) IS DISTINCT FROM (%(completed_old)s))
        THEN
            RAISE insufficient_privilege USING MESSAGE =
                'a row of %(table)s is completed once and never changed';
        END IF;
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.outcome = 'pending'
            OR OLD.time > (now() AT TIME ZONE 'UTC') - interval '%(days)s days'
        THEN
            RAISE insufficient_privilege USING MESSAGE =
                'a row of %(table)s is kept for %(days)s days at least';
        END IF;
        RETURN OLD;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = '%(table)s is not emptied';
END
$guard$
"""

_LINK = """\
            OR (NEW."%(name)s" IS DISTINCT FROM OLD."%(name)s"
                AND NEW."%(name)s" IS NOT NULL)"""

_TRIGGERS = """
DROP TRIGGER IF EXISTS "%(table)s_row" ON "%(table)s";
CREATE TRIGGER "%(table)s_row" BEFORE UPDATE OR DELETE ON "%(table)s"
FOR EACH ROW EXECUTE FUNCTION "%(table)s_guard"();
DROP TRIGGER IF EXISTS "%(table)s_all" ON "%(table)s";
CREATE TRIGGER "%(table)s_all" BEFORE TRUNCATE ON "%(table)s"
FOR EACH STATEMENT EXECUTE FUNCTION "%(table)s_guard"();
"""


def install(table, columns, completed, links):
    """Put the guard on the table of the audit, with these columns.

    completed are those that completing a row fills in; links those that may
    be emptied, with what they name. All others never change.
    """
    fixed = sorted(set(columns) - completed - links - _FREE)
    completed = sorted(completed)

    def of(row, names):
        return ', '.join('%s."%s"' % (row, name) for name in names)
    values = {
        'table': table,
        'days': LEAST_DAYS,
        'fixed_new': of('NEW', fixed),
        'fixed_old': of('OLD', fixed),
        'completed_new': of('NEW', completed),
        'completed_old': of('OLD', completed),
        'links': '\n'.join(_LINK % {'name': name} for name in sorted(links)),
        }
    cursor = Transaction().connection.cursor()
    cursor.execute(_FUNCTION % values)
    cursor.execute(_TRIGGERS % values)
