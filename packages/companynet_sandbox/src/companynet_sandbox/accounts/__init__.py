"""Accounts: entries booked on them with their codes, balances, and the statement of a day.

Of the other rooms it knows ``formats`` and ``books``.
"""
