"""A bank to run mBank CompanyNet clients against: one process, durable books, faults on demand.

It follows the contract of :mod:`companynet.contract` and shares no other code with the library: a second opinion, not
a mirror. Nothing here is the real bank; ``docs/ledger.md`` says what is known of that one, and how well.

A house of rooms; each knows those below it alone, and rooms on one floor do not know each other::

    testing                       tools of tests
    cli, then command             the command line, the running process
    service      control          the web service; the control plane and its page
    bank  access  customers       orders and time; who may call; customers made up
    accounts                      entries, balances, statements
    formats                       order files read, statements written
    books                         the file, the clock, numbers, settings
"""
