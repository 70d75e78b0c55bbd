# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The only file that knows the settlement library.

Statement origins and open items in, decisions on the same records out.
"""
from collections import namedtuple
from decimal import Decimal

from settlement import REASON_TEXTS, Entry, Kind, MatchConfig, Matcher
from settlement import OpenItem as SettlementItem
from settlement.folding import account_key

__all__ = ['REASON_TEXTS', 'Result', 'account_key', 'match']

Result = namedtuple(
    'Result', ['origin', 'decision', 'score', 'allocations', 'reasons'])
Reason = namedtuple('Reason', ['code', 'params', 'text'])


def match(origins, items, threshold, automatic_part=False):
    """Return a result for each origin, in the order given

    The allocations are pairs of an item given and a signed amount, in the
    currency of the origins, which must all have the currency of the items.
    """
    origins = list(origins)
    if not origins:
        return []
    currency = origins[0].currency.code
    id2item = {i.id: i for i in items}
    id2origin = {str(o.id): o for o in origins}
    matcher = Matcher(
        [_item(i, currency) for i in items],
        MatchConfig(
            threshold=float(threshold), automatic_part=automatic_part))
    results = []
    for proposal in matcher.match_all([_entry(o, currency) for o in origins]):
        origin = id2origin[proposal.entry_id]
        results.append(Result(
                origin,
                proposal.decision.value,
                round(Decimal(str(proposal.score)), 2),
                [(id2item[a.item_id], a.amount.copy_sign(origin.amount))
                    for a in proposal.allocations],
                [_reason(r, id2origin) for r in proposal.reasons]))
    return results


def _entry(origin, currency):
    return Entry(
        id=str(origin.id),
        amount=origin.amount,
        currency=currency,
        value_date=origin.date,
        remittance=origin.remittance or origin.description or '',
        counterparty_account=origin.counterparty_account or None,
        counterparty_name=origin.counterparty_name or None,
        virtual_account=origin.virtual_account or None,
        customer_reference=origin.customer_reference or None,
        details={
            k: str(v) for k, v in {
                **(origin.information or {}),
                **(origin.entry_details or {}),
                }.items()
            if v is not None})


def _item(item, currency):
    return SettlementItem(
        id=item.id,
        kind=Kind(item.kind),
        party=str(item.party or ''),
        number=item.number or '',
        amount=abs(item.amount),
        currency=currency,
        date=item.date,
        due_date=item.due_date,
        party_name=item.party_name,
        party_accounts=item.party_accounts,
        party_nip=item.party_nip,
        virtual_account=item.virtual_account,
        ksef=item.ksef or None,
        references=item.references)


def _reason(reason, id2origin):
    params = dict(reason.params)
    if entry := id2origin.get(params.get('entry')):
        params['entry'] = (
            entry.transaction_number or entry.number
            or '%s %s' % (entry.date, entry.amount))
    return Reason(reason.code, params, reason.text)
