# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The host's store of plugins, and the requests it carries out."""
import os
from pathlib import Path

from trytond import config
from trytond.transaction import Transaction

from tryton_plugins.errors import PluginError
from tryton_plugins.requested import Requests
from tryton_plugins.service import ServiceFiles
from tryton_plugins.store import Store

from .refusal import refused


def store():
    "The store of this server, or the user's error that says what to configure"
    try:
        return Store.from_settings(
            config.get('plugins', 'store'),
            config.get('plugins', 'trusted_keys'),
            Path(os.environ.get('TRYTOND_CONFIG') or 'trytond.conf'))
    except PluginError as error:
        raise refused(error) from error


def requests():
    return Requests(store().root)


def supervised(database):
    "Whether a host runs that carries out installations on the database"
    return ServiceFiles(store().root).supervised(database)


def databases():
    """The databases the user may install on

    It is the one he works in; the databases the setting
    [plugins] administration names may install on all the host serves.
    """
    current = Transaction().database.name
    names = config.get('plugins', 'administration', default='')
    if current in {name.strip() for name in names.split(',')}:
        served = ServiceFiles(store().root).served()
        return sorted({current, *served})
    return [current]


class RequestManager:
    """Writes requests when the transaction is committed, and only then

    A call may be run again after a conflict, and rolled back: a file written
    during it would be an installation nobody asked for.
    """

    def __init__(self):
        self._requests = []

    def __eq__(self, other):
        if not isinstance(other, RequestManager):
            return NotImplemented
        return True

    __hash__ = None

    def put(self, request):
        self._requests.append(request)

    def tpc_begin(self, transaction):
        pass

    def commit(self, transaction):
        pass

    def tpc_vote(self, transaction):
        pass

    def tpc_finish(self, transaction):
        wanted, self._requests = self._requests, []
        for request in wanted:
            requests().add(request)

    def tpc_abort(self, transaction):
        self._requests = []


def ask(request):
    Transaction().join(RequestManager()).put(request)
