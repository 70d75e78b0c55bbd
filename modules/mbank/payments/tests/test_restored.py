# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"A database restored from a backup, moved or copied pays nothing twice"
import datetime as dt
from unittest.mock import patch

from companynet_sandbox.customers import demo_data
from trytond.exceptions import UserError
from trytond.modules.mbank.payments import order_keeping, order_sending
from trytond.modules.mbank.keyring import restored, vault
from trytond.modules.mbank import gateway, independent
from trytond.modules.mbank.exceptions import DatabaseRestoredError
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from ...tests.bank import BankCase
from ...tests.firm import FirmCase
from ...tests.paying import PaymentMixin
from .answering import AnsweredMixin


class RestoredMixin:

    @property
    def Database(self):
        return Pool(DB_NAME).get('mbank.database')

    def intents(self):
        "What the database counts, and what the ring does"
        return self.work(lambda: (
                self.Database.get_singleton().intents, vault.intents()))

    def restore(self, intents=0):
        "The database counts as one of a backup does"
        self.work(lambda: self.Database.write(
                [self.Database.get_singleton()], {'intents': intents}))

    def adopt_database(self):
        return self.work(lambda: self.Database.adopt())

    def move(self):
        "The next adoption finds the database elsewhere"
        self.enterContext(patch.object(
                self.Database, 'get_location',
                return_value='postgresql:elsewhere/%s' % self.id()))

    def compare(self):
        self.work(lambda: self.Database.declare_compared(
                [self.Database.get_singleton()]))

    def refused(self, function, *args):
        with self.assertRaises(DatabaseRestoredError) as error:
            self.work(function, *args)
        return error.exception.message


class RestoredCase(RestoredMixin, AnsweredMixin, FirmCase):
    "Without a bank: what is counted, refused and frozen"
    with_queue = False

    def tearDown(self):
        # The next test begins with a database that was never restored
        self.doCleanups()
        self.work(vault.adopt)
        self.work(lambda: self.Database.write(
                [self.Database.get_singleton()], {
                    'intents': vault.intents(), 'restored': None,
                    'compared': None, 'missing_told': None}))
        super().tearDown()

    def test_intent_is_counted_with_the_transaction_and_then_in_the_ring(self):
        "Killed between the two, the database is ahead, which is no backup"
        before, noted = self.intents()
        first, second = [
            self.work(lambda: self.batch().id) for _ in range(2)]
        self.take(first)
        self.assertEqual(self.intents(), (before + 1, noted))
        self.take(second)
        self.assertEqual(self.intents(), (before + 2, noted))
        self.work(restored.keep_intent, before + 2)
        self.assertEqual(self.intents(), (before + 2, before + 2))

    def test_nothing_leaves_a_database_that_is_behind(self):
        "Neither a new batch nor one that waits; nor is one given up"
        waiting, prepared = [
            self.work(lambda: self.batch().id) for _ in range(2)]
        self.work(restored.keep_intent, self.intents()[0] + 3)
        text = self.refused(
            lambda: self.Batch.send([self.Batch(prepared)]))
        self.assertIn('3', text)
        self.refused(lambda: self.Batch.cancel([self.Batch(prepared)]))
        self.refused(lambda: self.batch())

        def take():
            self.Batch.write([self.Batch(waiting)], {'state': 'waiting'})
            return order_sending.take(waiting, Transaction().user)
        self.assertIn("restored", self.refused(take))
        # Nor is one made anew of what is left of it, or given up
        Payment = Pool(DB_NAME).get('account.payment')
        for note in ['fail', 'succeed']:
            self.refused(lambda: getattr(Payment, note)(
                    [Payment(self.Batch(prepared).payments[0].id)]))
        self.assertEqual(
            self.read(waiting, 'state', 'attempts'), ['prepared', 0])

    def test_intent_of_another_worker_is_no_sign_of_a_backup(self):
        "One that is counted and kept while this one looks"
        intents = vault.intents

        def count_too():
            "Another worker, between the looks at the database and the ring"
            with patch.object(vault, 'intents', intents):
                restored.keep_intent(
                    independent.run(restored.count_intent))
                return intents()
        with patch.object(vault, 'intents', count_too):
            self.work(restored.check)
        self.work(restored.check)

    def test_administrators_are_told_once_that_it_is_behind(self):
        def told():
            Notification = Pool().get('res.notification')
            return Notification.search([
                    ('label', 'like', '%restored from a backup%')], count=True)
        self.work(self.firm.give_rights, 'group_mbank_admin')
        self.work(restored.keep_intent, self.intents()[0] + 1)
        before = self.work(told)
        self.work(restored.tell_if_behind)
        self.work(restored.tell_if_behind)
        self.assertEqual(self.work(told), before + 1)

    def test_adoption_of_a_restored_database_asks_first(self):
        "What waited or was refused as absent is unknown; nothing leaves"
        prepared, doubtful = [
            self.work(lambda: self.batch().id) for _ in range(2)]
        sent = self.work(lambda: self.batch().id)
        self.hand_over(sent)
        self.doubt(doubtful)
        count = self.intents()[0]
        self.work(restored.keep_intent, count + 2)
        self.assertEqual(self.adopt_database(), 2)
        self.assertEqual(self.read(prepared, 'state'), ['unknown'])
        self.assertEqual(self.read(doubtful, 'state'), ['unknown'])
        self.assertEqual(self.read(sent, 'state'), ['sent'])
        self.assertEqual(self.intents(), (count + 2, count + 2))
        text = self.refused(lambda: self.batch())
        self.assertIn("CompanyNet", text)
        self.compare()
        self.work(lambda: self.batch())
        database, user = self.work(lambda: (
                self.Database.get_singleton().compared,
                self.Database.get_singleton().compared_by.id))
        self.assertTrue(database)
        self.assertEqual(user, 1)

    def test_a_person_can_say_that_it_is_not_there(self):
        "It left before the restore: its time does not begin anew for ever"
        self.work(self.Database._record_adoption)
        id = self.work(lambda: self.batch().id)
        self.move()
        self.adopt_database()

        def settled():
            return gateway.settled_at(order_keeping.intent_of(self.Batch(id)))
        first = self.work(settled)
        restored_at = self.work(
            lambda: self.Database.get_singleton().restored)
        self.assertEqual(self.work(settled), first)
        self.assertLess(
            first.replace(tzinfo=None) - restored_at, dt.timedelta(hours=1))

    def test_adoption_where_it_was_and_knows_all_changes_nothing(self):
        prepared = self.work(lambda: self.batch().id)
        # The tests' way of adopting does not note the place
        self.work(self.Database._record_adoption)
        self.assertIsNone(self.adopt_database())
        self.assertEqual(self.read(prepared, 'state'), ['prepared'])

    def test_adoption_elsewhere_asks_first_though_the_count_is_right(self):
        "A copy may have paid, or its original"
        self.work(self.Database._record_adoption)
        prepared = self.work(lambda: self.batch().id)
        self.move()
        self.assertEqual(self.adopt_database(), 0)
        self.assertEqual(self.read(prepared, 'state'), ['unknown'])
        self.refused(lambda: self.batch())

    def test_adoption_needs_no_profile_of_the_bank(self):
        "A copy on a machine that reaches no bank is adopted too"
        self.work(self.Database._record_adoption)
        prepared = self.work(lambda: self.batch().id)
        self.move()
        with patch(
                'trytond.modules.mbank.gateway.orders.bank_profile',
                side_effect=UserError("no profile")):
            self.assertEqual(self.adopt_database(), 0)
        self.assertEqual(self.read(prepared, 'state'), ['unknown'])

    def test_intent_that_cannot_be_kept_in_the_ring_does_not_leave(self):
        id = self.work(lambda: self.batch().id)
        keeper = self.take(id)
        with patch.object(
                vault, 'note_intent', side_effect=UserError("disk full")):
            with self.assertRaises(UserError):
                self.work(order_sending._keep_count, keeper, 99)
        self.assertEqual(self.read(id, 'state'), ['prepared'])

    def test_only_an_administrator_says_that_it_was_compared(self):
        def as_other():
            User = Pool().get('res.user')
            user = User(name="Ola", login='ola-%s' % self.id())
            user.save()
            with Transaction().set_user(user.id):
                self.Database.declare_compared([self.Database.get_singleton()])
        with self.assertRaises(UserError):
            self.work(as_other)


class RestoredAtBankCase(RestoredMixin, PaymentMixin, BankCase):
    "With a bank: yesterday's backup put back after today's sending"

    def test_batch_sent_after_the_backup_is_not_paid_again(self):
        "It is found by our own identity, and no copy of it leaves"
        self.work(lambda: self.firm.new_account('PL' + demo_data.ALFA_PLN))
        id = self.work(lambda: self.batch(
                journal=self.firm.new_payment_journal(
                    'PL' + demo_data.ALFA_PLN)).id)
        self.work(lambda: self.Batch.send([self.Batch(id)]))
        state, = self.work(lambda: [self.Batch(id).state])
        self.assertIn(state, {'sent', 'accepted'})
        count, noted = self.intents()
        self.assertEqual(count, noted)

        def put_back():
            "The rows as the backup has them"
            table = self.Batch.__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.update(
                    [table.state, table.intent, table.task_id,
                        table.bank_group_id, table.attempts],
                    ['prepared', None, None, None, 0],
                    where=table.id == id))
        self.work(put_back)
        self.restore(count - 1)
        self.refused(lambda: self.Batch.send([self.Batch(id)]))
        self.assertEqual(self.adopt_database(), 1)
        self.assertEqual(
            self.work(lambda: self.Batch(id).state), 'unknown')
        self.work(lambda: self.Batch.check_status([self.Batch(id)]))
        self.assertIn(
            self.work(lambda: self.Batch(id).state), {'sent', 'accepted'})
        self.compare()
