"""The web service, and the one room that knows the shape of its messages.

``contract`` reads and writes envelopes, ``guard`` holds a call and its context; ``logins``, ``background``,
``tasks``, ``orders`` and ``statements`` answer the operations, as ``handlers`` lists; ``application`` serves them.

Of the other rooms it knows ``bank``, ``access``, ``accounts``, ``formats`` and ``books``. Nobody knows it but the
process that serves it and the tools of tests. The contract, all that the bank takes from :mod:`companynet`, is read
here and nowhere else.
"""
