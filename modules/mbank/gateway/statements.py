# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Statements: asked for, confirmed, read.

Operations have the names of the contract  # L-015
"""
from companynet.domain.report import code_page_of
from companynet.domain.statement import entry_identities
from companynet.formats import read_statements as _read_statements

from .connection import with_session
from .errors import translated

__all__ = [
    'code_page_of', 'confirm_statements', 'entry_identities',
    'fetch_statements', 'read_statements']


def fetch_statements(session, company, date_from, date_to):
    """Ask for the statements of the days and wait for them.

    Returns the library's package: task_id, and reports as a tuple of bytes,
    empty if there are none; code_page_of tells the page of each, to be kept
    with it. Confirm it after the work is committed.
    """
    return with_session(
        'getMT940Ex', session, company,
        lambda bank, token, dik: bank.statements.fetch(
            token, dik, date_from, date_to))


def confirm_statements(session, company, task_id):
    "Tell the bank that the reports of the task are kept"
    return with_session(
        'confirmResponseReceived', session, company,
        lambda bank, token, dik: bank.statements.confirm(
            token, dik, task_id))


def read_statements(data, source, code_page=None):
    """The statements of a file; StatementFormatError names the place

    code_page is the page the library wrote the data in, as code_page_of
    told it, or None to have it chosen.
    """
    with translated():
        return _read_statements(data, source, code_page)
