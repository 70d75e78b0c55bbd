"""What everything stands on: the books' file, the bank's time and days, numbers, settings, what is to be done when.

Knows no other room.
"""
