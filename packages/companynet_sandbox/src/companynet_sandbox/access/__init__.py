"""Who may call, and how a call may end: certificates and passwords, operations by name, refusals, faults on demand.

Nothing here depends on the shape of messages. Of the other rooms it knows ``books``.
"""
