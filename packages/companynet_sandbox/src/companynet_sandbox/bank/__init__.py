"""The bank at work: orders from their check to their end, fees, transfers that come in, what people do with orders.

It does not know who asked, nor in which shape. Of the other rooms it knows ``accounts``, ``formats`` and ``books``.
"""
