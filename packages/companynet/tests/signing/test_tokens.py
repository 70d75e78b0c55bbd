"""Keys on PKCS#11 tokens: SoftHSM, judged by OpenSSL, by ourselves and by the sandbox bank."""

import base64
import gc
import subprocess
import sys
import threading
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from companynet.domain.session import Secret
from companynet.errors import (
    CompanyNetError,
    DriverError,
    PinLocked,
    SigningDeclined,
    SigningError,
    TokenAbsent,
    TriesLeft,
    UnusableReason,
    WrongPin,
)
from companynet.profile import BankProfile
from companynet.signing import (
    Pkcs11Signer,
    check_signature,
    find_identity,
    find_modules,
    list_identities,
    list_token,
    pin_state,
    signature_for_bank,
)
from companynet.signing.token_worker import worker_for
from companynet.signing_reasons import ReasonCode
from companynet.testing import FakeClock
from companynet_sandbox.access import cms as sandbox_cms

PROFILE = BankProfile(endpoint="http://127.0.0.1:1/")
NOW = datetime(2025, 9, 1, tzinfo=UTC)
PIN = Secret("314159")
WRONG = Secret("271828")
CHALLENGE = "Logowanie użytkownika ALFA01, żądanie nr 4711 — podpisz"
SESSION_TEXT = "Sesja długotrwała do 2026-01-01, DIK 12345678"
KINDS = pytest.mark.parametrize("label", ["RSA-2048", "RSA-3072", "P-256", "at each"])


def identity_on(tokens, label):
    return next(item for item in list_identities([tokens.module], NOW).identities if item.place.token.label == label)


def openssl_verifies(folder: Path, authority_der: bytes, signature: bytes, content: bytes) -> bool:
    (folder / "ca.der").write_bytes(authority_der)
    subprocess.run(["openssl", "x509", "-inform", "DER", "-in", "ca.der", "-out", "ca.pem"], cwd=folder, check=True)
    (folder / "signature").write_bytes(signature)
    (folder / "content").write_bytes(content)
    command = "openssl cms -verify -binary -inform DER -in signature -content content -CAfile ca.pem -purpose any"
    done = subprocess.run([*command.split(), "-no_check_time"], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0 and done.stdout == content


def sandbox_takes(line: str, text: str, others: list[str]) -> bool:
    signed = sandbox_cms.read_signature(line)
    signed.verify()
    return signed.text_among([*others, text]) == text


@KINDS
def test_both_signatures_of_a_session_come_from_one_pin(tokens, authority, tmp_path, label) -> None:
    """Each is taken by OpenSSL, by the sandbox's own check and by ours, and is over its own text."""
    identity = identity_on(tokens, label)
    with Pkcs11Signer(identity).unlocked(PIN) as signer:
        lines = [
            signature_for_bank(signer, text, PROFILE, clock=FakeClock(NOW)) for text in (CHALLENGE, SESSION_TEXT)
        ]
    for text, line in zip((CHALLENGE, SESSION_TEXT), lines, strict=True):
        signature, content = base64.b64decode(line, validate=True), text.encode("utf-16-le")
        assert openssl_verifies(tmp_path, authority.der, signature, content)
        assert not openssl_verifies(tmp_path, authority.der, signature, content + b"\n\0")
        assert sandbox_takes(line, text, ["another text"])
        assert check_signature(signature, content, identity.certificate) == identity.certificate.der


@KINDS
def test_the_pin_is_gone_after_the_second_signature(tokens, label) -> None:
    """Nothing reachable from the signer or its block holds it while the block goes on; a third is refused."""
    pin = Secret("".join(["314", "159"]))
    block = Pkcs11Signer(identity_on(tokens, label)).unlocked(pin)
    with block as signer:
        signer.sign_detached(b"1")
        signer.sign_detached(b"2")
        assert not reaches((signer, block), pin)
        with pytest.raises(SigningError, match="locked"):
            signer.sign_detached(b"3")


@KINDS
def test_the_pin_is_gone_after_the_block(tokens, label) -> None:
    """Only keys that ask at each signature keep it, and only in the block."""
    pin = Secret("".join(["314", "159"]))
    signer = Pkcs11Signer(identity_on(tokens, label))
    block = signer.unlocked(pin)
    with block:
        assert reaches((signer, block), pin) == (label == "at each")
    assert not reaches((signer, block), pin)
    with pytest.raises(SigningError, match="locked"):
        signer.sign_detached(b"x")


def reaches(start: object, wanted: object) -> bool:
    """Whether an object can be reached through data; classes, modules and functions are not followed."""
    seen: set[int] = set()
    todo = [start]
    while todo:
        item = todo.pop()
        if item is wanted or item == wanted.reveal():
            return True
        if id(item) in seen or isinstance(item, type | type(sys) | type(reaches)):
            continue
        seen.add(id(item))
        todo.extend(gc.get_referents(item))
    return False


def test_listing_needs_no_pin_and_says_what_a_person_chooses_by(tokens) -> None:
    listing = list_identities([tokens.module], NOW)
    assert not listing.problems
    identity = next(item for item in listing.identities if item.place.token.label == "RSA-3072")
    info = identity.certificate
    assert (info.common_name, info.pnopl, info.key_kind, info.key_bits) == (
        "Anna RSA-3072",
        "44051401359",
        "RSA",
        3072,
    )
    assert (info.qualified, info.qualified_device, info.non_repudiation) == (True, True, True)
    assert (identity.place.token.module, identity.place.key_id, identity.unusable) == (tokens.module, "0a", None)
    assert identity.place.token.serial
    assert len(identity.chain) == 1
    assert {item.certificate.key_bits for item in listing.identities if item.certificate.key_kind == "EC"} == {256}
    labels = {token.place.label for token in listing.tokens}
    assert labels >= {"RSA-2048", "RSA-3072", "P-256", "at each", "hidden"}
    assert all((token.pin.needed, token.pin.pad) == (True, False) for token in listing.tokens)


def test_a_listing_says_why_an_identity_is_unusable(tokens) -> None:
    later = list_identities([tokens.module], datetime(2027, 2, 1, tzinfo=UTC))
    assert {item.unusable.reason for item in later.identities} == {UnusableReason.EXPIRED}


def test_a_token_that_hides_its_certificates_shows_them_after_its_pin(tokens) -> None:
    listing = list_identities([tokens.module], NOW)
    place = next(token.place for token in listing.tokens if token.place.label == "hidden")
    assert not [item for item in listing.identities if item.place.token == place]
    shown = list_token(place, PIN, NOW)
    assert [item.certificate.common_name for item in shown.identities] == ["Anna hidden"]
    assert not [item for item in list_identities([tokens.module], NOW).identities if item.place.token == place]
    with Pkcs11Signer(shown.identities[0]).unlocked(PIN) as signer:
        assert check_signature(signer.sign_detached(b"x"), b"x", shown.identities[0].certificate)


def test_a_module_that_fails_hides_no_other(tokens, tmp_path) -> None:
    damaged = tmp_path / "damaged.so"
    damaged.write_bytes(b"no library")
    modules = ["/does/not/exist.so", str(damaged), tokens.module, "/usr/lib/x86_64-linux-gnu/libc.so.6"]
    listing = list_identities(modules, NOW)
    assert len(listing.identities) >= 4
    assert [problem.where for problem in listing.problems] == [modules[0], modules[1], modules[3]]
    assert {type(problem.error) for problem in listing.problems} == {DriverError}


def test_a_module_that_hangs_hides_no_other(tokens, proxy) -> None:
    # Loaded before: that takes its time on a busy machine.
    assert len(list_identities([tokens.module], NOW).identities) >= 4
    proxy.play("silent")
    listing = list_identities([proxy.module, tokens.module], NOW, timeout=3)
    assert [problem.where for problem in listing.problems] == [proxy.module]
    assert len(listing.identities) >= 4


@KINDS
def test_a_wrong_pin_is_tried_once(proxy, label) -> None:
    identity = identity_on(proxy, label)
    with pytest.raises(WrongPin) as caught, Pkcs11Signer(identity).unlocked(WRONG):
        pytest.fail("it was unlocked")
    assert proxy.calls == "L"
    assert WRONG.reveal() not in str(caught.value)
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)


@pytest.mark.parametrize(
    ("words", "tries"), [((), TriesLeft.MANY), (("low",), TriesLeft.LOW), (("last",), TriesLeft.LAST)]
)
def test_flags_are_told_before_a_login_and_after_a_wrong_pin(proxy, words, tries) -> None:
    identity = identity_on(proxy, "P-256")
    proxy.play(*words)
    assert pin_state(identity.place.token).tries is tries
    assert proxy.calls == ""
    with pytest.raises(WrongPin) as caught, Pkcs11Signer(identity).unlocked(WRONG):
        pytest.fail("it was unlocked")
    assert caught.value.tries_left is tries
    with Pkcs11Signer(identity).unlocked(PIN) as signer:
        assert signer.sign_detached(b"x")


def test_softhsm_tells_of_a_wrong_pin_by_itself(tokens) -> None:
    """A token's own flags, not the proxy's: low after a wrong PIN, many again after the right one."""
    identity = identity_on(tokens, "P-256")
    with Pkcs11Signer(identity).unlocked(PIN):
        pass
    assert pin_state(identity.place.token).tries is TriesLeft.MANY
    with pytest.raises(WrongPin) as caught, Pkcs11Signer(identity).unlocked(WRONG):
        pytest.fail("it was unlocked")
    assert caught.value.tries_left is TriesLeft.LOW
    with Pkcs11Signer(identity).unlocked(PIN):
        pass
    assert pin_state(identity.place.token).tries is TriesLeft.MANY


def test_a_locked_token_is_not_asked(proxy) -> None:
    identity = identity_on(proxy, "RSA-2048")
    proxy.play("locked")
    assert pin_state(identity.place.token).tries is TriesLeft.NONE
    with pytest.raises(PinLocked), Pkcs11Signer(identity).unlocked(PIN):
        pytest.fail("it was unlocked")
    assert proxy.calls == ""


def test_a_wrong_pin_that_locks_says_so(proxy) -> None:
    identity = identity_on(proxy, "RSA-2048")
    proxy.play("last", "wrong-locks")
    with pytest.raises(PinLocked), Pkcs11Signer(identity).unlocked(WRONG):
        pytest.fail("it was unlocked")
    assert proxy.calls == "L"


def test_an_empty_pin_costs_no_try(proxy) -> None:
    with pytest.raises(WrongPin), Pkcs11Signer(identity_on(proxy, "RSA-2048")).unlocked(Secret("")):
        pytest.fail("it was unlocked")
    assert proxy.calls == ""


@pytest.mark.parametrize("label", ["RSA-2048", "at each"])
def test_a_card_removed_between_the_two_signatures_is_told(proxy, label) -> None:
    """The driver calls it a device error; nothing is signed after, even when the card is back."""
    identity = identity_on(proxy, label)
    with Pkcs11Signer(identity).unlocked(PIN) as signer:
        assert signer.sign_detached(b"1")
        proxy.play("removed")
        with pytest.raises(TokenAbsent):
            signer.sign_detached(b"2")
        proxy.play()
        with pytest.raises(SigningError, match="locked"):
            signer.sign_detached(b"2")
    with Pkcs11Signer(identity).unlocked(PIN) as signer:
        assert check_signature(signer.sign_detached(b"2"), b"2", identity.certificate)


def test_an_absent_card_is_told(proxy) -> None:
    identity = identity_on(proxy, "P-256")
    proxy.play("removed")
    assert not list_identities([proxy.module], NOW).tokens
    with pytest.raises(TokenAbsent):
        pin_state(identity.place.token)
    with pytest.raises(TokenAbsent), Pkcs11Signer(identity).unlocked(PIN):
        pytest.fail("it was unlocked")


def test_a_pin_pad_asks_by_itself(proxy) -> None:
    """No PIN goes through the program, not even one that was given."""
    identity = identity_on(proxy, "P-256")
    proxy.play("pad")
    assert pin_state(identity.place.token).pad
    for pin in (None, WRONG):
        with Pkcs11Signer(identity).unlocked(pin) as signer:
            assert check_signature(signer.sign_detached(b"x"), b"x", identity.certificate)
    assert proxy.calls == "PSOPSO"


def test_cancelling_at_the_pad_is_declining(proxy) -> None:
    identity = identity_on(proxy, "P-256")
    proxy.play("pad", "cancels")
    with pytest.raises(SigningDeclined), Pkcs11Signer(identity).unlocked():
        pytest.fail("it was unlocked")
    assert proxy.calls == "P"


@pytest.mark.parametrize("pin", [None, PIN], ids=["no PIN", "a PIN given"])
def test_a_pad_and_a_key_that_asks_at_each_signature_do_not_go_together(proxy, pin) -> None:
    identity = identity_on(proxy, "at each")
    proxy.play("pad")
    with pytest.raises(DriverError, match="sign by hand"), Pkcs11Signer(identity).unlocked(pin):
        pytest.fail("it was unlocked")
    assert proxy.calls == "PO"


def test_a_key_that_asks_at_each_signature_is_given_the_pin_each_time(proxy) -> None:
    with Pkcs11Signer(identity_on(proxy, "at each")).unlocked(PIN) as signer:
        signer.sign_detached(b"1")
        signer.sign_detached(b"2")
    assert proxy.calls == "LCSCSO"


def test_other_keys_are_given_the_pin_once(proxy) -> None:
    with Pkcs11Signer(identity_on(proxy, "RSA-2048")).unlocked(PIN) as signer:
        signer.sign_detached(b"1")
        signer.sign_detached(b"2")
    assert proxy.calls == "LSSO"


def test_a_module_that_takes_no_pin_signs_without(proxy) -> None:
    """As cloud signatures may: no login is tried."""
    identity = identity_on(proxy, "cloud")
    with Pkcs11Signer(identity).unlocked() as signer:
        assert check_signature(signer.sign_detached(b"x"), b"x", identity.certificate)
    assert proxy.calls == "S"


def test_a_token_that_wants_a_pin_and_got_none_says_so(tokens) -> None:
    with pytest.raises(DriverError, match="PIN"), Pkcs11Signer(identity_on(tokens, "P-256")).unlocked():
        pytest.fail("it was unlocked")


def test_a_certificate_without_its_key_is_told(tokens) -> None:
    with pytest.raises(DriverError, match="no key"), Pkcs11Signer(identity_on(tokens, "no key")).unlocked(PIN):
        pytest.fail("it was unlocked")


def test_a_token_without_hashing_signs_a_digest(proxy, authority, tmp_path) -> None:
    identity = identity_on(proxy, "RSA-2048")
    proxy.play("plain-rsa")
    with Pkcs11Signer(identity).unlocked(PIN) as signer:
        assert openssl_verifies(tmp_path, authority.der, signer.sign_detached(b"content"), b"content")


def test_a_driver_that_refuses_to_log_out_is_shut_down(proxy) -> None:
    """No login may outlive its block: the next use needs the PIN again."""
    script = f"""
from datetime import UTC, datetime
from pathlib import Path
from companynet.domain.session import Secret
from companynet.errors import DriverError
from companynet.signing import Pkcs11Signer, list_identities
now = datetime(2025, 9, 1, tzinfo=UTC)
found = [i for i in list_identities([{proxy.module!r}], now).identities if i.place.token.label == "P-256"]
with Pkcs11Signer(found[0]).unlocked(Secret("314159")) as signer:
    signer.sign_detached(b"x")
    Path({str(proxy.control)!r}).write_text("refuses-close")
Path({str(proxy.control)!r}).write_text("")
try:
    with Pkcs11Signer(found[0]).unlocked():
        print("still logged in")
except DriverError:
    print("logged out")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "logged out\n", done.stderr


def test_a_child_process_can_sign_after_its_parent_did(tokens) -> None:
    """A server's processes fork; threads and the module's state stay behind."""
    script = f"""
import os, sys
from datetime import UTC, datetime
from companynet.domain.session import Secret
from companynet.signing import Pkcs11Signer, list_identities
now = datetime(2025, 9, 1, tzinfo=UTC)
def sign():
    listing = list_identities([{tokens.module!r}], now)
    assert not listing.problems, listing
    found = [i for i in listing.identities if i.place.token.label == "P-256"]
    with Pkcs11Signer(found[0]).unlocked(Secret("314159")) as signer:
        return bool(signer.sign_detached(b"x"))
assert sign()
child = os.fork()
if child == 0:
    os._exit(0 if sign() else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert sign()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_many_threads_take_turns(tokens) -> None:
    """Two sessions at a time would use each other's login; each thread gets both its signatures."""
    identity = identity_on(tokens, "RSA-2048")
    failures: list[BaseException] = []

    def sign(number: int) -> None:
        try:
            with Pkcs11Signer(identity).unlocked(PIN) as signer:
                for round_ in range(2):
                    content = f"{number}/{round_}".encode()
                    check_signature(signer.sign_detached(content), content, identity.certificate)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures


def test_links_to_a_module_are_one_module(tokens, tmp_path) -> None:
    """Two threads on one module would spoil each other's logins."""
    link = tmp_path / "link.so"
    link.symlink_to(tokens.module)
    assert worker_for(str(link)) is worker_for(tokens.module)
    both = list_identities([tokens.module, str(link)], NOW)
    assert both == list_identities([tokens.module], NOW)


def test_known_modules_are_found_where_they_lie(tmp_path) -> None:
    for place in ("opt/SimplySignDesktop/SimplySignPKCS_64-MS-1.0.20.so", "usr/lib/ccs/libccpkip11.so"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).touch()
    (tmp_path / "opt/SimplySignDesktop/SimplySignPKCS_64-MS-1.1.3.so").touch()
    found = find_modules(platform="linux", root=tmp_path)
    assert [(module.known.name, module.path.name) for module in found] == [
        ("SimplySignPKCS", "SimplySignPKCS_64-MS-1.1.3.so"),
        ("CCPkiP11", "libccpkip11.so"),
    ]
    assert [module.known.cloud for module in found] == [True, False]
    (tmp_path / "Windows/System32").mkdir(parents=True)
    (tmp_path / "Windows/System32/enigmap11.dll").touch()
    assert [module.known.name for module in find_modules(platform="win32", root=tmp_path)] == ["enigmap11"]
    assert find_modules(platform="darwin", root=tmp_path) == ()


def test_a_file_is_not_taken_for_a_token(tokens) -> None:
    with pytest.raises(ValueError, match="file"):
        Pkcs11Signer(replace(identity_on(tokens, "P-256"), place=Path("key.p12")))


def test_no_error_of_a_token_shows_the_pin_or_a_drivers_class(proxy) -> None:
    identity = identity_on(proxy, "at each")
    seen = []
    for words in ((), ("locked",), ("removed",), ("cancels",), ("pad",)):
        proxy.play(*words)
        try:
            with Pkcs11Signer(identity).unlocked(WRONG) as signer:
                signer.sign_detached(b"x")
        except CompanyNetError as error:
            seen.append(error)
    assert len(seen) == 5
    for error in seen:
        assert WRONG.reveal() not in f"{error!r} {error} {vars(error)}"
        assert error.__context__ is None
        for frame, _line in traceback.walk_tb(error.__traceback__):
            # pytest keeps parts of assertions in this function's own frame.
            if frame.f_code.co_filename != __file__:
                assert WRONG.reveal() not in [value for value in frame.f_locals.values() if isinstance(value, str)]


def test_one_key_is_found_by_what_is_named_of_it(tokens) -> None:
    """By its token, whatever else the module shows; the slot and the key's id narrow it down."""
    found = find_identity(tokens.module, NOW, token="P-256")
    assert found.certificate.common_name == "Anna P-256"
    place = found.place
    assert find_identity(tokens.module, NOW, slot=place.token.slot, key_id="0A") == found
    assert find_identity(tokens.module, datetime(2028, 1, 1, tzinfo=UTC), token="P-256").unusable is not None


def test_several_keys_are_listed_and_none_is_chosen(tokens) -> None:
    with pytest.raises(DriverError, match=r"fit.*Anna RSA-2048 \(token RSA-2048, slot \d+, key id 0a\)") as caught:
        find_identity(tokens.module, NOW, key_id="0a")
    assert caught.value.reason_code is ReasonCode.KEYS_SEVERAL
    assert caught.value.parameters["count"] > 1


def test_what_is_not_there_is_told(tokens, tmp_path) -> None:
    for named, error, code in (
        ({"token": "nobody's"}, TokenAbsent, ReasonCode.TOKEN_ABSENT),
        ({"token": "P-256", "key_id": "ff"}, DriverError, ReasonCode.KEY_ABSENT),
    ):
        with pytest.raises(error) as caught:
            find_identity(tokens.module, NOW, **named)
        assert caught.value.reason_code is code
    (tmp_path / "broken.so").write_bytes(b"no library")
    with pytest.raises(DriverError) as caught:
        find_identity(str(tmp_path / "broken.so"), NOW)
    assert caught.value.reason_code is ReasonCode.DRIVER_NOT_LOADED
