# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Steps that nobody sits in front of, each by itself.

Tryton answers warnings itself where nobody is asked: for the queue, for cron
and for the user 0. Here such a step stops at the first of them instead.
"""
import time
from contextlib import contextmanager
from contextvars import ContextVar

import trytond.config as config
from trytond import backend
from trytond.pool import PoolMeta
from trytond.transaction import (
    Transaction, TransactionError, without_check_access)

# Not in Tryton's context: that one goes on to the tasks a step queues
_unattended = ContextVar('unattended', default=False)
# Lines of draft statements that were another person's question before
_others = ContextVar('others', default=frozenset())
_PAUSE = 0.02


@contextmanager
def warnings_stop():
    """Meanwhile a warning is raised whenever nobody is there to be asked

    The value says whether nobody is.
    """
    transaction = Transaction()
    nobody = (not transaction.user
        or bool(transaction.context.get('_skip_warnings')))
    token = _unattended.set(_unattended.get() or nobody)
    try:
        yield _unattended.get()
    finally:
        _unattended.reset(token)


@contextmanager
def others_left_alone(lines):
    """Meanwhile these lines of draft statements are neither asked for nor cut

    Tryton looks at the draft lines of all statements whenever one is
    validated: without this one of them would stop all that nobody attends.
    """
    token = _others.set(_others.get() | frozenset(map(int, lines)))
    try:
        yield
    finally:
        _others.reset(token)


def without_others(lines):
    "The lines but for those that are left alone now"
    others = _others.get()
    return [l for l in lines if l.id not in others] if others else lines


class Warning_(metaclass=PoolMeta):
    __name__ = 'res.user.warning'

    @classmethod
    def check(cls, warning_name):
        if _only_others(warning_name):
            return False
        # What a person said to a warning before was not said to this step
        return _unattended.get() or super().check(warning_name)


def _only_others(warning_name):
    # account_statement names its question for paid invoices on draft lines
    # by nothing but the ids of the lines
    ids = warning_name.split('_')
    return (all(i.isdecimal() for i in ids)
        and _others.get().issuperset(map(int, ids)))


def run(function, *args, **kwargs):
    """Call the function in a transaction of its own, commit, give its result

    It must do nothing but work on the database, for it may be run more than
    once, as the server runs a request again; records it returns belong to a
    closed transaction, so return ids and plain values. Access is not checked
    inside.
    """
    retry = config.getint('database', 'retry')
    extras = {}
    count = 0
    while True:
        try:
            with Transaction().new_transaction(**extras):
                with without_check_access():
                    return function(*args, **kwargs)
        except TransactionError as error:
            error.fix(extras)
        except backend.DatabaseOperationalError:
            if count >= retry:
                raise
            count += 1
            time.sleep(_PAUSE * count)

