# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from itertools import groupby

from trytond.i18n import gettext
from trytond.model import ModelView, Workflow, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction

from . import matcher
from .exceptions import (
    ClarificationAccountMissing, ImportProblemsError, SettlementError)
from .open_items import open_items
from .reasons import reason_sentence


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
        The transaction may be started again to take the lock, so a caller
        that talks to a bank must have committed before, or use the queue.
        """
        pool = Pool()
        Proposal = pool.get('automatic_settlement.proposal')

        # Two settlements at once would give the same invoice twice
        Proposal.lock()
        statements = [s for s in statements if s.state == 'draft']
        statements.sort(key=lambda s: s.company.id)
        for company, group in groupby(statements, key=lambda s: s.company):
            with Transaction().set_context(
                    company=company.id,
                    language=_settlement_language(company)):
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
        held = {
            s: reason_sentence('monitor') for s in statements
            if mode == 'monitor'}
        held.update({
            s: reason_sentence('import_problems') for s in statements
            if s.has_open_problems})
        origins = [o for s in statements for o in s.origins if not o.lines]
        Proposal.delete([p for o in origins for p in o.proposals])
        ruled = cls._settle_by_rules(statements, origins, held)

        origins = [o for o in origins if o.id not in ruled]
        lines, proposals, to_save = [], [], []
        for currency, group in groupby(
                sorted(origins, key=lambda o: o.currency.id),
                key=lambda o: o.currency):
            group = sorted(group, key=lambda o: (o.date, o.id))
            items = open_items(company, currency, accounts={
                    o.counterparty_account for o in group
                    if o.counterparty_account})
            for result in matcher.match(
                    group, items, threshold, automatic_part):
                origin = result.origin
                reasons = [
                    reason_sentence(r.code, r.params, r.text)
                    for r in result.reasons]
                decision = result.decision
                if decision == 'automatic' and origin.statement in held:
                    decision = 'propose'
                    reasons.insert(0, held[origin.statement])
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

        if configuration.get_multivalue('post_settled', company=company.id):
            for statement in cls.browse(statements):
                if statement.is_settled and not statement.has_open_problems:
                    # Apart: a refusal must not take the settlement back
                    cls.__queue__.post_settled([statement])

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
        ruled = {}
        to_apply = [s for s in statements if s not in held]
        lines = []
        for statement in to_apply:
            lines.extend(statement._apply_rules(rules))
        Line.save(lines)
        for line in lines:
            ruled.setdefault(line.origin.id, set()).add(line.settlement_rule)
        to_save = []
        for origin in origins:
            if origin.statement in held:
                for rule in rules:
                    if ((keywords := rule.match(origin))
                            and any(rule.apply(origin, keywords))):
                        ruled[origin.id] = {rule}
                        origin = Origin(origin.id)
                        origin.settlement_decision = 'propose'
                        origin.settlement_score = None
                        origin.settlement_reasons = '\n'.join([
                                held[origin.statement],
                                reason_sentence('rule_would', {
                                        'rule': rule.rec_name}),
                                ])
                        to_save.append(origin)
                        break
            elif origin.id in ruled:
                origin = Origin(origin.id)
                origin.set_settlement_rules(ruled[origin.id])
                to_save.append(origin)
        Origin.save(to_save)
        return set(ruled)

    @classmethod
    def post_settled(cls, statements):
        "Validate and post the statements if they still are fully settled"
        statements = [
            s for s in cls.browse(statements)
            if s.state == 'draft' and s.is_settled
            and not s.has_open_problems]
        cls.validate_statement(statements)
        cls.post(cls.browse(statements))

    @classmethod
    @ModelView.button
    def settle_remaining(cls, statements):
        "Book what is left of the entries to the clarification account"
        pool = Pool()
        Configuration = pool.get('automatic_settlement.configuration')
        Line = pool.get('account.statement.line')
        Origin = pool.get('account.statement.origin')

        configuration = Configuration(1)
        lines, origins = [], []
        for statement in statements:
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
        for statement in statements:
            statement.check_draft()
        Origin._undo_settlement(
            [o for s in statements for o in s.origins],
            {'rule', 'match', 'remaining'})

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
    @Workflow.transition('validated')
    def validate_statement(cls, statements):
        for statement in statements:
            statement.check_import_problems()
        super().validate_statement(statements)

    @classmethod
    @ModelView.button
    @Workflow.transition('posted')
    def post(cls, statements):
        for statement in statements:
            statement.check_import_problems()
        super().post(statements)

    @classmethod
    def copy(cls, statements, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('problems_reviewed', False)
        return super().copy(statements, default=default)


def _settlement_language(company):
    "The language of who runs the settlement, else of the company"
    pool = Pool()
    User = pool.get('res.user')
    transaction = Transaction()
    if language := transaction.context.get('language'):
        return language
    user = User(transaction.user) if transaction.user else None
    if user and user.language:
        return user.language.code
    if company.party.lang:
        return company.party.lang.code
    return transaction.language
