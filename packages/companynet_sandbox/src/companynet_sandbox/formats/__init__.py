"""Bytes and texts of the bank's files: order files read, statements written. Nothing here looks into the books' rows.

Of the other rooms it knows ``books``, for the zone of the bank and the form of numbers.
"""
