"""Customers, all made up: those of the demonstration, a busy day of entries, large ones with the truth about them.

Of the other rooms it knows ``accounts`` and ``books``.
"""
