"""Whole conversations: a server of the protocol, the sandbox bank behind it, real keys."""

import subprocess
from datetime import UTC, datetime

import pytest

from companynet.client import CompanyNet
from companynet.domain.session import Secret
from companynet.errors import PinLocked, SigningDeclined, TokenAbsent, TriesLeft, WrongPin
from companynet.profile import BankProfile
from companynet.signing import list_identities, signature_text
from companynet.testing import FakeClock, make_identity
from companynet_sandbox.access import cms as sandbox_cms
from companynet_sandbox.customers import demo_data
from companynet_signer.conversation import Revealed
from companynet_signer.errors import NoKey
from companynet_signer.keys import KeyRack, PinKind
from companynet_signer.settings import ModuleSetting

NOW = datetime(2025, 9, 1, 8, tzinfo=UTC)
PIN = Secret("314159")
PASSWORD = Secret("tajne-hasło")
WRONG = Secret("271828")
CHALLENGE = "Logowanie użytkownika ALFA01, żądanie nr 4711 — podpisz"
SESSION_TEXT = "Sesja długotrwała do 2025-12-01, DIK 10000001"
LABELS = pytest.mark.parametrize("label", ["RSA-2048", "P-256", "at each"])


def choice_on(conversation, label):
    wanted = conversation.job.content.certificate
    choices = conversation.rack.choices(conversation.rack.listing(), wanted)
    return next(choice for choice in choices if str(choice.place.values.get("label")) == label)


def begun(workstation, server, **keys):
    workstation.has(**keys)
    conversation = workstation.opening.conversation(server.link)
    conversation.fetch()
    return conversation


def openssl_verifies(folder, signature: bytes, content: bytes, certificate_der: bytes) -> bool:
    """Judged by its own certificate, so that no authority is needed."""
    (folder / "signature").write_bytes(signature)
    (folder / "content").write_bytes(content)
    (folder / "signer.der").write_bytes(certificate_der)
    convert = "openssl x509 -inform DER -in signer.der -out signer.pem"
    subprocess.run(convert.split(), cwd=folder, check=True)
    command = "openssl cms -verify -binary -inform DER -in signature -content content -noverify -nointern"
    done = subprocess.run([*command.split(), "-certfile", "signer.pem"], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0 and done.stdout == content


@LABELS
def test_one_pin_entry_makes_a_session_at_the_bank(bank_server, workstation, proxy, registered, label) -> None:
    """Both signatures with one login to the token; the bank knows the session that came of it."""
    conversation = begun(workstation, bank_server, modules=(proxy.module,))
    choice = choice_on(conversation, label)
    registered(choice.certificate.der)
    granted = conversation.sign(choice, PIN)
    assert granted.diks == (demo_data.DIK_ALFA,)
    assert granted.end == datetime(2025, 12, 1, 22, 59, 59, tzinfo=UTC)
    assert (proxy.calls.count("L"), proxy.calls.count("S"), proxy.calls.count("O")) == (1, 2, 1)
    assert [task.round for task in conversation.signed] == [1, 2]
    client = CompanyNet(bank_server.work._profile, clock=FakeClock(NOW))
    client.sessions.prove(bank_server.work.session.token, demo_data.DIK_ALFA)


def test_a_key_in_a_file_makes_a_session_at_the_bank(bank_server, workstation, key_file, registered, anna) -> None:
    registered(anna.certificate_der)
    conversation = begun(workstation, bank_server, files=(key_file,))
    (choice,) = conversation.rack.choices(conversation.rack.listing(), None)
    assert conversation.rack.ask(choice).kind is PinKind.PASSWORD
    assert conversation.sign(choice, PASSWORD).diks == (demo_data.DIK_ALFA,)


@LABELS
def test_both_signatures_are_right_for_openssl_and_for_the_sandbox(
    server, workstation, proxy, tmp_path, label
) -> None:
    """Detached CMS over the texts in the encoding named, without a byte-order mark, by the certificate chosen."""
    conversation = begun(workstation, server, modules=(proxy.module,))
    choice = choice_on(conversation, label)
    conversation.sign(choice, PIN)
    for signature, text in zip(server.signatures, (CHALLENGE, SESSION_TEXT), strict=True):
        assert openssl_verifies(tmp_path, signature, text.encode("utf-16-le"), choice.certificate.der)
        assert not openssl_verifies(tmp_path, signature, text.encode("utf-8"), choice.certificate.der)
        read = sandbox_cms.read_signature(signature_text(signature, BankProfile(endpoint="")))
        read.verify()
        assert read.text_among([CHALLENGE, SESSION_TEXT]) == text
        assert read.sha256 == choice.certificate.sha256


def test_a_text_is_signed_in_the_encoding_named(server, workstation, key_file, anna, tmp_path) -> None:
    server.work.encoding = "iso-8859-2"
    server.work.challenge = lambda: "żółw"
    conversation = begun(workstation, server, files=(key_file,))
    conversation.sign(conversation.rack.choices(conversation.rack.listing(), None)[0], PASSWORD)
    assert openssl_verifies(tmp_path, server.signatures[0], "żółw".encode("iso-8859-2"), anna.certificate_der)


def test_a_wrong_pin_is_tried_once_and_nothing_is_sent(server, workstation, proxy) -> None:
    """The person may try again, and then the job goes on."""
    conversation = begun(workstation, server, modules=(proxy.module,))
    choice = choice_on(conversation, "RSA-2048")
    proxy.play("last")
    with pytest.raises(WrongPin) as caught:
        conversation.sign(choice, WRONG)
    assert caught.value.tries_left is TriesLeft.LAST
    assert (proxy.calls, server.signatures) == ("L", [])
    proxy.play()
    conversation.sign(choice, PIN)
    assert server.done


def test_a_locked_card_is_not_asked(server, workstation, proxy) -> None:
    conversation = begun(workstation, server, modules=(proxy.module,))
    choice = choice_on(conversation, "RSA-2048")
    proxy.play("locked")
    assert conversation.rack.ask(choice).blocked.key == "pin_locked"
    with pytest.raises(PinLocked):
        conversation.sign(choice, PIN)
    assert (proxy.calls, server.signatures) == ("", [])


def test_warnings_come_before_the_pin(server, workstation, proxy) -> None:
    conversation = begun(workstation, server, modules=(proxy.module,))
    choice = choice_on(conversation, "RSA-2048")
    for word, warning in (("low", "pin_low"), ("last", "pin_last")):
        proxy.play(word)
        assert conversation.rack.ask(choice).warning.key == warning
    assert proxy.calls == ""


def test_a_pin_pad_is_left_to_ask(server, workstation, proxy) -> None:
    conversation = begun(workstation, server, modules=(proxy.module,))
    choice = choice_on(conversation, "P-256")
    proxy.play("pad")
    assert conversation.rack.ask(choice).kind is PinKind.PAD
    conversation.sign(choice, None)
    assert (server.done, proxy.calls) == (True, "PSSO")


def test_a_module_set_to_take_no_pin_is_asked_for_none(server, workstation, tokens) -> None:
    """Cloud signatures say that they want a login and take none."""
    conversation = begun(workstation, server)
    conversation.rack = KeyRack([ModuleSetting(tokens.module, pin=False)], (), FakeClock())
    choice = choice_on(conversation, "P-256")
    assert conversation.rack.ask(choice).kind is PinKind.NONE
    # One that hides its certificates behind a PIN is then not offered.
    assert "hidden" not in {c.name for c in conversation.rack.choices(conversation.rack.listing(), None)}


def test_a_card_removed_between_the_rounds_may_be_put_back(server, workstation, proxy) -> None:
    """The first signature was used; only the second is made anew."""
    conversation = begun(workstation, server, modules=(proxy.module,))
    choice = choice_on(conversation, "RSA-2048")
    session_text = server.work.session_text

    def removing(signature: bytes) -> str:
        proxy.play("removed")
        return session_text(signature)

    server.work.session_text = removing
    with pytest.raises(TokenAbsent):
        conversation.sign(choice, PIN)
    assert len(server.signatures) == 1
    proxy.play()
    conversation.sign(choice, PIN)
    assert server.done
    assert len(server.signatures) == 2


def test_who_cancels_signs_nothing_more(server, workstation, key_file) -> None:
    """A signature that is being made when the window closes is not sent."""
    conversation = begun(workstation, server, files=(key_file,))
    (choice,) = conversation.rack.choices(conversation.rack.listing(), None)
    session_text = server.work.session_text

    def closing(signature: bytes) -> str:
        conversation.cancel()
        return session_text(signature)

    server.work.session_text = closing
    with pytest.raises(SigningDeclined):
        conversation.sign(choice, PASSWORD)
    assert (len(server.signatures), server.done) == (1, False)
    conversation.decline("declined")
    assert server.declined == ["declined"]


def test_a_token_that_hides_its_certificates_signs_with_its_one(server, workstation, proxy) -> None:
    conversation = begun(workstation, server, modules=(proxy.module,))
    choice = choice_on(conversation, "hidden")
    assert choice.certificate is None
    conversation.sign(choice, PIN)
    assert server.done


def test_only_the_certificate_chosen_in_the_erp_signs(server, workstation, proxy, key_file) -> None:
    """Others are shown with the reason; one that shows only after its password is refused then."""
    listing = list_identities([proxy.module], NOW)
    chosen = next(
        item.certificate.sha256 for item in listing.identities if item.certificate.common_name == "Anna P-256"
    )
    right = server.content_of
    server.content_of = lambda round_: {**right(round_), "certificate": chosen}
    conversation = begun(workstation, server, modules=(proxy.module,), files=(key_file,))
    choices = conversation.rack.choices(conversation.rack.listing(), chosen)
    free = {choice.name: choice for choice in choices if choice.blocked is None}
    assert free.keys() == {"Anna P-256", "hidden", "anna.p12"}
    assert {choice.blocked.key for choice in choices if choice.blocked} == {"not_the_chosen"}
    with pytest.raises(NoKey):
        conversation.sign(free["anna.p12"], PASSWORD)
    with pytest.raises(Revealed) as caught:
        conversation.sign(free["hidden"], PIN)
    assert [choice.blocked.key for choice in caught.value.choices] == ["not_the_chosen"]
    assert server.signatures == []
    conversation.sign(free["Anna P-256"], PIN)
    assert server.done


def test_an_outdated_certificate_in_a_file_does_not_sign(server, workstation, tmp_path) -> None:
    old = make_identity("Jan Dawny", valid_to=datetime(2025, 8, 1, tzinfo=UTC))
    (tmp_path / "old.p12").write_bytes(old.p12)
    conversation = begun(workstation, server, files=(tmp_path / "old.p12",))
    (choice,) = conversation.rack.choices(conversation.rack.listing(), None)
    with pytest.raises(NoKey, match="expired at 2025-08-01"):
        conversation.sign(choice, Secret(old.password))
    assert server.signatures == []
