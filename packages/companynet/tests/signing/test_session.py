"""A whole long-lived session with a key on a token, at a sandbox bank in a process of its own."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from companynet.client import CompanyNet
from companynet.domain.session import Permission, PermissionConfig, Secret
from companynet.errors import SessionInvalid
from companynet.profile import BankProfile
from companynet.signing import Pkcs11Signer, list_identities
from companynet.testing import FakeClock
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import running_bank

NOW = datetime(2025, 9, 1, 8, tzinfo=UTC)
PIN = Secret("314159")


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    with running_bank(tmp_path_factory.mktemp("bank")) as running:
        running.post("/clock", {"now": NOW.isoformat()})
        yield running


@pytest.mark.parametrize("label", ["RSA-2048", "RSA-3072", "P-256", "at each"])
def test_one_pin_entry_opens_a_session_at_the_bank(bank, proxy, label) -> None:
    """Two signatures and one login to the token; the bank takes both, and ends the session when it is told."""
    identities = list_identities([proxy.module], NOW).identities
    identity = next(item for item in identities if item.place.token.label == label)
    pem = x509.load_der_x509_certificate(identity.certificate.der).public_bytes(Encoding.PEM).decode()
    bank.post("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": pem})
    client = CompanyNet(BankProfile(endpoint=bank.soap_url), clock=FakeClock(NOW))
    config = PermissionConfig(datetime(2025, 12, 1, tzinfo=UTC), (Permission(demo_data.DIK_ALFA),))
    with Pkcs11Signer(identity).unlocked(PIN) as signer:
        session = client.sessions.open(demo_data.DIK_ALFA, demo_data.USER_ALFA, config, signer, keep=[].append)
    assert session.granted.diks == (demo_data.DIK_ALFA,)
    assert (proxy.calls.count("L"), proxy.calls.count("S"), proxy.calls.count("O")) == (1, 2, 1)
    client.sessions.finish(session.token)
    with pytest.raises(SessionInvalid):
        client.sessions.finish(session.token)
