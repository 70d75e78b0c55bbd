"""Fakes for those who call the library in their tests."""

from companynet.testing.clock import FakeClock
from companynet.testing.identity import TestIdentity, make_identity
from companynet.testing.scripted import ScriptedBank, fault, http, soap

__all__ = ["FakeClock", "ScriptedBank", "TestIdentity", "fault", "http", "make_identity", "soap"]
