# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Settling the entries of statements, and undoing it."""
from collections import defaultdict
from itertools import groupby

from trytond.i18n import gettext
from trytond.model import ModelView, Workflow, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction

from . import matcher, turn
from .apart import others_left_alone, warnings_stop
from .exceptions import (
    ClarificationAccountMissing, ImportProblemsError, SettlementError)
from .open_items import open_items
from .reasons import reason_sentence, settlement_language


class Statement(metaclass=PoolMeta):
    __name__ = 'account.statement'

    import_problems = fields.Text(
        "Import Problems", readonly=True,
        states={
            'invisible': ~Eval('import_problems'),
            },
        help="What the import found wrong with the statement.")
    problems_reviewed = fields.Boolean(
        "Problems Reviewed",
        states={
            'invisible': ~Eval('import_problems'),
            'readonly': Eval('state') != 'draft',
            },
        help="Check once a person has cleared the import problems. "
        "Until then nothing of the statement is settled automatically "
        "and it can not be posted.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        draft = {
            'invisible': ((Eval('state') != 'draft')
                | ~Eval('origins', [])),
            'depends': ['state', 'origins'],
            }
        cls._buttons.update({
                'settle': draft,
                'settle_remaining': draft,
                'undo_settlements': draft,
                })

    @classmethod
    def default_problems_reviewed(cls):
        return False

    @property
    def has_open_problems(self):
        return bool(self.import_problems and not self.problems_reviewed)

    @property
    def is_settled(self):
        return (self.origins
            and all(not o.pending_amount for o in self.origins))

    @classmethod
    @ModelView.button
    def settle(cls, statements):
        """Settle the entries that have no lines yet

        First the rules of the users, then the matching with open invoices
        and payments. Only draft statements are settled. It needs no user and
        no company in the context.
        The transaction may be started again to take its turn, so a caller
        that talks to a bank must have committed before, or use settle_later.
        """
        statements = [s for s in statements if s.state == 'draft']
        # Two settlements at once would give the same invoice twice
        turn.take({s.company for s in statements}, statements)
        statements.sort(key=lambda s: s.company.id)
        for company, group in groupby(statements, key=lambda s: s.company):
            with Transaction().set_context(
                    company=company.id,
                    language=settlement_language(company)), \
                    warnings_stop():
                cls._settle(company, cls.browse(list(group)))

    @classmethod
    def _settle(cls, company, statements):
        pool = Pool()
        Configuration = pool.get('automatic_settlement.configuration')
        Line = pool.get('account.statement.line')
        Origin = pool.get('account.statement.origin')
        Proposal = pool.get('automatic_settlement.proposal')

        configuration = Configuration(1)
        mode = configuration.get_multivalue('mode', company=company.id)
        threshold = configuration.get_multivalue(
            'threshold', company=company.id)
        automatic_part = configuration.get_multivalue(
            'automatic_part', company=company.id)

        cls._note_manual(statements)
        origins = [o for s in statements for o in s.origins if not o.lines]
        held = _held(origins, mode)
        Proposal.delete([p for o in origins for p in o.proposals])
        ruled = cls._settle_by_rules(statements, origins, held)

        results = []
        for currency, group in groupby(
                sorted(
                    (o for o in origins if o.id not in ruled),
                    key=lambda o: o.currency.id),
                key=lambda o: o.currency):
            group = sorted(group, key=lambda o: (o.date, o.id))
            items = open_items(company, currency, accounts={
                    o.counterparty_account for o in group
                    if o.counterparty_account})
            results.extend(
                matcher.match(group, items, threshold, automatic_part))
        doubts = _payment_doubts(
            item for result in results if result.decision == 'automatic'
            for item, _ in result.allocations)
        lines, proposals, to_save = [], [], []
        for result in results:
            origin = result.origin
            reasons = [
                reason_sentence(r.code, r.params, r.text)
                for r in result.reasons]
            decision = result.decision
            against = held.get(origin.id, []) + [
                doubts[i.related_to] for i, _ in result.allocations
                if i.related_to in doubts]
            if decision == 'automatic' and against:
                decision = 'propose'
                reasons = against + reasons
            for item, amount in result.allocations:
                if decision == 'automatic':
                    lines.append(origin.get_settlement_line(
                            item.related_to, item.party, item.account,
                            amount, 'match'))
                elif decision == 'propose':
                    proposals.append(Proposal(
                            origin=origin,
                            related_to=item.related_to,
                            party=item.party,
                            account=item.account,
                            amount=amount))
            origin.settlement_decision = decision
            origin.settlement_score = result.score
            origin.settlement_reasons = '\n'.join(reasons)
            to_save.append(origin)
        Line.save(lines)
        Proposal.save(proposals)
        Origin.save(to_save)
        cls.clear_waiting(statements, 'settle_waiting_since')

        if configuration.get_multivalue('post_settled', company=company.id):
            # Apart: a refusal must not take the settlement back
            cls.post_later([
                    s for s in cls.browse(statements)
                    if s.is_settled and not s.has_open_problems])

    @classmethod
    def _note_manual(cls, statements):
        "Entries whose lines were entered by hand"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        origins = [
            o for s in statements for o in s.origins
            if o.lines and not o.settlement_decision]
        for origin in origins:
            rules = {
                l.settlement_rule for l in origin.lines if l.settlement_rule}
            if rules:
                origin.set_settlement_rules(rules)
            else:
                origin.settlement_decision = 'manual'
                origin.settlement_reasons = reason_sentence('manual')
        Origin.save(origins)

    @classmethod
    def _settle_by_rules(cls, statements, origins, held):
        """Apply the rules of the users, they precede the matching

        Return the ids of the origins that a rule settles.
        """
        pool = Pool()
        Line = pool.get('account.statement.line')
        Origin = pool.get('account.statement.origin')
        Rule = pool.get('account.statement.rule')

        rules = Rule.search([])
        if not rules:
            return set()
        made = defaultdict(list)
        free = {o.statement for o in origins if o.id not in held}
        for statement in statements:
            if statement in free:
                for line in statement._apply_rules(rules):
                    if line.origin.id not in held:
                        made[line.origin.id].append(line)
        against = _rule_doubts(made)
        Line.save([
                l for id_, lines in made.items() for l in lines
                if id_ not in against])
        ruled = set()
        to_save = []
        for origin in origins:
            fitting = {l.settlement_rule for l in made.get(origin.id, [])}
            why_not = held.get(origin.id, []) + against.get(origin.id, [])
            if origin.id in held:
                fitting = set(_fitting_rules(rules, origin))
            if not fitting:
                continue
            ruled.add(origin.id)
            origin = Origin(origin.id)
            if why_not:
                origin.settlement_decision = 'propose'
                origin.settlement_score = None
                origin.settlement_reasons = '\n'.join(why_not + [
                        reason_sentence('rule_would', {'rule': r.rec_name})
                        for r in fitting])
            else:
                origin.set_settlement_rules(fitting)
            to_save.append(origin)
        Origin.save(to_save)
        return ruled

    @classmethod
    @ModelView.button
    def apply_rules(cls, statements):
        turn.take({s.company for s in statements}, statements)
        super().apply_rules(cls.browse(statements))

    @classmethod
    @ModelView.button
    def settle_remaining(cls, statements):
        "Book what is left of the entries to the clarification account"
        pool = Pool()
        Configuration = pool.get('automatic_settlement.configuration')
        Line = pool.get('account.statement.line')
        Origin = pool.get('account.statement.origin')

        configuration = Configuration(1)
        turn.take(statements=statements)
        lines, origins = [], []
        for statement in cls.browse(statements):
            statement.check_draft()
            account = configuration.get_multivalue(
                'clarification_account', company=statement.company.id)
            if not account:
                raise ClarificationAccountMissing(gettext(
                        'automatic_settlement.msg_clarification_account',
                        company=statement.company.rec_name))
            for origin in statement.origins:
                if not origin.pending_amount:
                    continue
                lines.append(origin.get_settlement_line(
                        None, None, account, origin.pending_amount,
                        'remaining'))
                origin.settlement_decision = 'manual'
                origin.add_settlement_reason(reason_sentence(
                        'remaining', {'account': account.rec_name}))
                origins.append(origin)
        Line.save(lines)
        Origin.save(origins)

    @classmethod
    @ModelView.button
    def undo_settlements(cls, statements):
        """Delete the lines that no person decided on

        The accepted proposals stay, they are undone on their entry.
        """
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        turn.take(statements=statements)
        sources = {'rule', 'match', 'remaining'}
        for statement in statements:
            statement.check_draft()
        Origin._undo_settlement([
                o for s in cls.browse(statements) for o in s.origins
                if not o.lines
                or any(l.settlement_source in sources for l in o.lines)],
            sources)

    def check_draft(self):
        if self.state != 'draft':
            raise SettlementError(gettext(
                    'automatic_settlement.msg_statement_not_draft',
                    statement=self.rec_name))

    def check_import_problems(self):
        if self.has_open_problems:
            raise ImportProblemsError(gettext(
                    'automatic_settlement.msg_import_problems',
                    statement=self.rec_name,
                    problems=self.import_problems))

    @classmethod
    @ModelView.button
    @Workflow.transition('draft')
    def draft(cls, statements):
        turn.take(statements=statements)
        super().draft(statements)

    @classmethod
    @ModelView.button
    @Workflow.transition('validated')
    def validate_statement(cls, statements):
        turn.take(statements=statements)
        statements = cls.browse(statements)
        for statement in statements:
            statement.check_import_problems()
        with warnings_stop() as nobody:
            others = cls._paid_on_drafts(statements) if nobody else ()
            with others_left_alone(others):
                super().validate_statement(statements)

    @classmethod
    def _paid_on_drafts(cls, statements):
        "The lines of other drafts whose invoice has been paid already"
        pool = Pool()
        Line = pool.get('account.statement.line')
        return [
            l for l in Line.search([
                    ('statement.state', '=', 'draft'),
                    ('statement', 'not in', list(map(int, statements))),
                    ('related_to.state', 'in', ['posted', 'paid'],
                        'account.invoice'),
                    ])
            if l.invoice.reconciled]

    @classmethod
    @ModelView.button
    @Workflow.transition('posted')
    def post(cls, statements):
        turn.take(statements=statements)
        statements = cls.browse(statements)
        for statement in statements:
            statement.check_import_problems()
            statement.check_moves()
        with warnings_stop():
            super().post(statements)
        cls.clear_waiting(statements, 'post_waiting_since')

    @classmethod
    @ModelView.button
    @Workflow.transition('cancelled')
    def cancel(cls, statements):
        turn.take(statements=statements)
        with warnings_stop():
            super().cancel(cls.browse(statements))

    def check_moves(self):
        "Raise if a line came after the moves were made"
        for line in self.lines:
            if not line.move:
                raise SettlementError(gettext(
                        'automatic_settlement.msg_line_without_move',
                        statement=self.rec_name,
                        amount=str(line.amount),
                        entry=line.origin.rec_name if line.origin else ''))

    @classmethod
    def copy(cls, statements, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('problems_reviewed', False)
        return super().copy(statements, default=default)


def _held(origins, mode):
    "Why entries are not settled by themselves, by the id of the origin"
    held = {}
    for origin in origins:
        reasons = []
        if mode == 'monitor':
            reasons.append(reason_sentence('monitor'))
        if origin.statement.has_open_problems:
            reasons.append(reason_sentence('import_problems'))
        if origin.left_to_people:
            reasons.append(reason_sentence('left_to_people'))
        if reasons:
            held[origin.id] = reasons
    return held


def _payment_doubts(items):
    "Why payments are not settled by themselves, by their reference"
    pool = Pool()
    Payment = pool.get('account.payment')
    ids = {i.record for i in items if i.model == 'account.payment'}
    if not ids:
        return {}
    return {
        'account.payment,%s' % id_: sentence
        for id_, sentence in Payment.settlement_doubts(
            Payment.browse(sorted(ids))).items()}


def _rule_doubts(made):
    "The same for the lines that rules make, by the id of the origin"
    pool = Pool()
    Payment = pool.get('account.payment')
    payments = {
        id_: {
            p for line in lines for _, payments in line.payments()
            for p in payments}
        for id_, lines in made.items()}
    every = sorted(set().union(*payments.values()))
    doubts = Payment.settlement_doubts(every) if every else {}
    return {
        id_: [doubts[p.id] for p in sorted(of) if p.id in doubts]
        for id_, of in payments.items() if any(p.id in doubts for p in of)}


def _fitting_rules(rules, origin):
    "The first rule that would settle the entry"
    for rule in rules:
        if ((keywords := rule.match(origin))
                and any(rule.apply(origin, keywords))):
            yield rule
            break
