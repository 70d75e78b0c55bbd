# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Which orders of a batch the bank's states are about.

A state is about an order only if it names it, in the group of the batch.
What names nothing of ours changes nothing and is a finding: it is shown, and
a person asks.
"""
from dataclasses import dataclass

# What is wrong with a state, or with an order
UNNAMED = 'unnamed'
STRANGER = 'stranger'
OTHER_GROUP = 'other_group'
CONTRADICTION = 'contradiction'
AFTER_FINAL = 'after_final'
MISSING = 'missing'


@dataclass(frozen=True)
class Finding:
    "What a person is to look at"
    kind: str
    # The state the bank gave, None for an order it did not list
    status: object = None
    # The identity of the order, None if the bank names none
    order: str | None = None
    # The keys that exclude each other, the earlier first
    keys: tuple = ()


@dataclass(frozen=True)
class Reading:
    "The bank's answer, assigned"
    # The newest state of each order the bank named, by the order's identity
    named: dict
    findings: tuple
    # The bank's identity of the group, as it was known or as it is told
    group_id: str | None


def read(statuses, final_keys, group_id=None, own_id=None):
    """Assign the states to the orders.

    statuses are the bank's, in its order, the newest of an order last  # L-161
    final_keys are the orders of the batch by their identity, each with the
    final key the bank gave it before, or None. group_id is the bank's
    identity of the batch's group, own_id ours; where the bank's is not known
    the answer tells it, if all that names our orders agrees.
    """
    findings = []
    groups = {group_id} if group_id else {
        s.group_id for s in statuses
        if s.end_to_end_id in final_keys and s.group_id
        and s.group_id != own_id}
    if len(groups) > 1:
        # Nothing says which of them is ours
        groups = {None}
    by_order = {}
    # What names no order of ours in our group is not believed  # L-720
    for status in statuses:
        order = status.end_to_end_id or None
        if groups and status.group_id and (
                status.group_id not in groups | {own_id}):
            kind = OTHER_GROUP
        elif order is None:
            kind = UNNAMED
        elif order not in final_keys:
            kind = STRANGER
        else:
            by_order.setdefault(order, []).append(status)
            continue
        findings.append(Finding(kind, status, order))
    named = {}
    for order, final_key in final_keys.items():
        given = by_order.get(order)
        if not given:
            findings.append(Finding(MISSING, order=order))
        elif keys := _excluded(given):
            findings.append(Finding(CONTRADICTION, given[-1], order, keys))
        elif final_key and given[-1].key != final_key:
            findings.append(Finding(
                    AFTER_FINAL, given[-1], order,
                    (final_key, given[-1].key)))
        else:
            named[order] = given[-1]
    if not group_id and len(groups) == 1 and named:
        group_id, = groups
    return Reading(named, tuple(findings), group_id)


def _excluded(statuses):
    "The keys of one order that can not follow each other, or ()"
    keys = tuple(dict.fromkeys(s.key for s in statuses))
    first = next((n for n, s in enumerate(statuses) if s.final), None)
    if first is not None and any(
            s.key != statuses[first].key for s in statuses[first:]):
        return keys
    return ()
