"""For tests of those who call the bank: a bank in a process of its own, and identities to sign with.

:mod:`~companynet_sandbox.testing.client` has a customer who works by hand-written envelopes, and
:mod:`~companynet_sandbox.testing.room` the bank without a process. May know every room; none knows it.
"""

from companynet_sandbox.testing.identity import Identity, make_identity
from companynet_sandbox.testing.process import ControlRefused, RunningBank, running_bank

__all__ = ["ControlRefused", "Identity", "RunningBank", "make_identity", "running_bank"]
