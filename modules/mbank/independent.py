# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Work in a transaction of its own, beside the one that is running.

A request is run again up to five times when the database says so, and it is
rolled back when it fails. What must last whatever happens to the request (the
intent before a call to the bank, the audit of the call, its outcome) is
written here: committed when the function returns, and tried again on a
conflict without repeating anything outside of the function.
"""
import logging

from trytond.exceptions import UserError, UserWarning
from trytond.i18n import gettext
from trytond.modules.automatic_settlement.apart import run

from .rights import error_text

__all__ = ['attempt', 'failure_text', 'run']

logger = logging.getLogger(__name__)


def attempt(function, *args, **kwargs):
    """Like run, for one of several records: a failure stops not the others

    Returns its result and None, or None and the error, which is logged. What
    asks for the transaction to be run again was heeded before.
    """
    try:
        return run(function, *args, **kwargs), None
    except (UserError, UserWarning) as error:
        logger.warning("%s: %s", function, error)
        return None, error
    except Exception as error:
        logger.exception("%s failed", function)
        return None, error


def failure_text(error):
    "What a person is told of the error; the log has the rest"
    if isinstance(error, (UserError, UserWarning)):
        return error_text(error)
    return gettext('mbank.msg_unexpected', error=error.__class__.__name__)
