# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Books in which the tests of the module settle."""
from copy import copy

from trytond.pool import Pool
from trytond.tests.test_tryton import (
    TestCase, activate_module, drop_db, with_transaction)
from trytond.transaction import Transaction

from .tools import ALFA_ACCOUNT, BETA_ACCOUNT, Books, reload, run_queue


def in_books(func):
    "Run the test in a transaction with a company and its books"
    @with_transaction()
    def wrapper(self):
        with copy(self.books).opened() as books:
            func(self, books)
    wrapper.__name__ = func.__name__
    wrapper.__doc__ = func.__doc__
    return wrapper


ALFA = {
    'counterparty_account': ALFA_ACCOUNT,
    'counterparty_name': "ALFA HURT SP. Z O.O.",
    }
BETA = {
    'counterparty_account': BETA_ACCOUNT,
    'counterparty_name': "BETA HANDEL S.A.",
    }


class SettlementCase(TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        drop_db()
        activate_module('automatic_settlement')
        cls.books = cls.create_books()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        drop_db()

    @staticmethod
    @with_transaction()
    def create_books():
        "The books all the tests of the case start from"
        books = Books()
        Transaction().commit()
        return books

    def settle(self, statement):
        pool = Pool()
        Statement = pool.get('account.statement')
        Statement.settle([statement])
        return reload(statement)

    def post(self, statement):
        pool = Pool()
        Statement = pool.get('account.statement')
        Statement.validate_statement([reload(statement)])
        Statement.post([reload(statement)])
        run_queue()
        return reload(statement)
