"""Large customers for tests and measurements: accounts, many entries a day, and the truth about them.

The same seed gives the same books byte for byte. All names, addresses and numbers are made up; the check digits are
right. The titles are written as people in Poland write them; the truth says which entry pays which invoice.
"""
