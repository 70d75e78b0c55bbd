"""Fakes for those who call the library in their tests."""

from companynet.testing.clock import FakeClock
from companynet.testing.identity import TestIdentity, make_identity
from companynet.testing.recording import RecordedExchange, Recorder, Recording
from companynet.testing.replay import ReplayBank
from companynet.testing.scripted import ScriptedBank, fault, http, soap

__all__ = [
    "FakeClock",
    "RecordedExchange",
    "Recorder",
    "Recording",
    "ReplayBank",
    "ScriptedBank",
    "TestIdentity",
    "fault",
    "http",
    "make_identity",
    "soap",
]
