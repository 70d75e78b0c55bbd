"""Frozen values of the bank's field: statements, orders, sessions. No input, no output."""
