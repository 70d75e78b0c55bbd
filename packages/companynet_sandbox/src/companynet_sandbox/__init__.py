"""A bank to run mBank CompanyNet clients against: one process, durable books, faults on demand.

It follows the contract of :mod:`companynet.contract` and shares no other code with the library: a second opinion, not
a mirror. Nothing here is the real bank; ``docs/ledger.md`` says what is known of that one, and how well.
"""
