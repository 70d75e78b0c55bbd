"""What the commands ``list``, ``sign``, ``open``, ``register`` and ``unregister`` do."""

import argparse
import importlib.util
import sys
from pathlib import Path

from companynet.domain.session import Secret
from companynet.profile import BankProfile
from companynet.signing import (
    CertificateInfo,
    Identity,
    Listing,
    TokenInfo,
    file_identity,
    list_token,
    signature_text,
)
from companynet.signing import check_signature as check_made
from companynet.signing.signer import bytes_to_sign
from companynet_signer import scheme
from companynet_signer.desk import Desk
from companynet_signer.errors import NoKey, SignerError
from companynet_signer.failure import failure_of
from companynet_signer.flow import AtOnce, Flow
from companynet_signer.keys import Choice, KeyRack, PinKind, blocked, check_certificate
from companynet_signer.opening import Opening
from companynet_signer.settings import ModuleSetting
from companynet_signer.terminal import converse
from companynet_signer.views import Views, failure_text


def list_keys(desk: Desk, arguments: argparse.Namespace) -> int:
    """``list``: 0 if there is something to sign with."""
    rack = _rack(desk, arguments)
    files: tuple[Path, ...] = ()
    if arguments.pkcs12:
        pin = desk.pin(arguments.pkcs12.name, arguments.pin_file)
        listing = Listing((file_identity(arguments.pkcs12, pin, desk.clock.now()),), (), ())
    else:
        if not rack.modules and not rack.files:
            raise SignerError("nothing_found")
        listing, files = rack.listing(), rack.files
        if arguments.token:
            token = _token(listing, arguments.token)
            listing, files = list_token(token.place, _token_pin(desk, arguments, rack, token), desk.clock.now()), ()
    sys.stdout.write("\n".join(_shown(desk, identity) for identity in listing.identities))
    for file in files:
        sys.stdout.write(f"{desk.say('place_file', name=file)}: {desk.say('after_password')}\n")
    _complain(desk, listing)
    if not listing.identities and not files:
        desk.complain(desk.say("nothing_listed"))
    return 0 if files or any(identity.unusable is None for identity in listing.identities) else 1


def sign(desk: Desk, arguments: argparse.Namespace) -> int:
    """``sign``."""
    # The form of the signature needs no endpoint.
    profile = BankProfile(endpoint="")
    source: Path = arguments.text or arguments.bytes
    content = _content(source, profile, text=bool(arguments.text))
    rack = _rack(desk, arguments)
    choice, pin = _chosen(desk, arguments, rack)
    with rack.opened(choice, pin, signatures=1) as signer:
        check_certificate(signer.certificate, None, desk.clock.now())
        signature = signer.sign_detached(content)
    check_made(signature, content, signer.certificate)
    output: Path = arguments.output or source.with_name(f"{source.name}.p7s")
    made = signature_text(signature, profile).encode("ascii") if arguments.form == "line" else signature
    problem: str | None = None
    try:
        output.write_bytes(made)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    if problem is not None:
        raise SignerError("source_unread", path=output, why=problem)
    sys.stdout.write(f"{desk.say('signed_by', path=output, name=_name(signer.certificate))}\n")
    return 0


def open_link(desk: Desk, arguments: argparse.Namespace) -> int:
    """``open``: in a window, or in the terminal where there is none."""
    opening = Opening(desk.store, desk.clock)
    if not arguments.terminal and _has_tk():
        from companynet_signer import window  # noqa: PLC0415 -- it needs Tk

        if root := window.open_root():
            return 0 if window.show(root, arguments.link, opening, desk.language) else 1
    if not arguments.terminal and not sys.stdin.isatty():
        raise SignerError("no_screen")
    flow = Flow(arguments.link, opening, AtOnce())
    return 0 if converse(flow, Views(flow, desk.language)) else 1


def register(desk: Desk, _arguments: argparse.Namespace) -> int:
    """``register``: with a terminal where there is no Tk."""
    terminal = not _has_tk()
    where = scheme.register(scheme.own_command(terminal=terminal), terminal=terminal)
    sys.stdout.write(f"{desk.say('scheme_registered', where=where)}\n")
    return 0


def unregister(desk: Desk, _arguments: argparse.Namespace) -> int:
    """``unregister``."""
    scheme.unregister()
    sys.stdout.write(f"{desk.say('scheme_unregistered')}\n")
    return 0


def _rack(desk: Desk, arguments: argparse.Namespace) -> KeyRack:
    """The keys the command line names; those of the settings if it names none."""
    if arguments.pkcs11:
        return KeyRack([ModuleSetting(module) for module in arguments.pkcs11], (), desk.clock)
    if arguments.pkcs12:
        return KeyRack((), [arguments.pkcs12], desk.clock)
    return KeyRack.of(desk.settings, desk.clock)


def _chosen(desk: Desk, arguments: argparse.Namespace, rack: KeyRack) -> tuple[Choice, Secret | None]:
    """The key to sign with, and its PIN."""
    if arguments.pkcs12:
        return Choice(arguments.pkcs12), desk.pin(arguments.pkcs12.name, arguments.pin_file)
    listing = rack.listing()
    pin: Secret | None = None
    asked = False
    if arguments.token:
        token = _token(listing, arguments.token)
        if not [identity for identity in listing.identities if _is_on(identity, token)]:
            pin, asked = _token_pin(desk, arguments, rack, token), True
            listing = list_token(token.place, pin, desk.clock.now())
        identities = [identity for identity in listing.identities if _is_on(identity, token)]
    else:
        identities = list(listing.identities)
    _complain(desk, listing, hidden=False)
    wanted = (arguments.identity or "").lower()
    fitting = [identity for identity in identities if identity.certificate.sha256.startswith(wanted)]
    if wanted and len(fitting) == 1:
        # What is named and cannot sign is told why.
        check_certificate(fitting[0].certificate, None, desk.clock.now())
    usable = [Choice(identity) for identity in fitting if blocked(identity, None) is None]
    if len(usable) != 1:
        raise NoKey("keys_which" if usable else "keys_none")
    if not asked:
        pin = _pin_of(desk, arguments, rack, usable[0])
    return usable[0], pin


def _is_on(identity: Identity, token: TokenInfo) -> bool:
    return not isinstance(identity.place, Path) and identity.place.token == token.place


def _token(listing: Listing, label: str) -> TokenInfo:
    for token in listing.tokens:
        if token.place.label == label:
            return token
    raise NoKey("token_unknown", label=label)


def _token_pin(desk: Desk, arguments: argparse.Namespace, rack: KeyRack, token: TokenInfo) -> Secret | None:
    return _pin_of(desk, arguments, rack, Choice(token))


def _pin_of(desk: Desk, arguments: argparse.Namespace, rack: KeyRack, choice: Choice) -> Secret | None:
    """The PIN of a key on a token, with what the token warns of."""
    question = rack.ask(choice)
    if question.blocked is not None:
        raise SignerError(question.blocked.key)
    if question.warning is not None:
        desk.complain(desk.say(question.warning.key))
    if question.kind is PinKind.PIN:
        return desk.pin(choice.name, arguments.pin_file)
    if question.kind is PinKind.PAD:
        desk.complain(desk.say("signing_pad").replace("\n", " "))
    return None


def _complain(desk: Desk, listing: Listing, *, hidden: bool = True) -> None:
    """Say what could not be read, and which cards show nothing."""
    seen = {identity.place.token for identity in listing.identities if not isinstance(identity.place, Path)}
    for token in listing.tokens if hidden else ():
        if token.place not in seen:
            desk.complain(desk.say("token_empty", label=token.place.label))
    for problem in listing.problems:
        why = failure_text(failure_of(problem.error), desk.language).replace("\n", " ")
        desk.complain(f"{problem.where}: {why}")


def _shown(desk: Desk, identity: Identity) -> str:
    certificate = identity.certificate
    why = blocked(identity, None)
    qualified = {True: "qualified_yes", False: "qualified_no", None: "qualified_unknown"}[certificate.qualified]
    if certificate.qualified and certificate.qualified_device:
        qualified = "qualified_device"
    period = desk.say(
        "list_period",
        valid_from=f"{certificate.valid_from:%Y-%m-%d %H:%M}",
        valid_to=f"{certificate.valid_to:%Y-%m-%d %H:%M}",
    )
    rows = (
        ("list_subject", certificate.subject),
        ("list_issuer", certificate.issuer),
        ("list_serial", certificate.serial_hex),
        ("list_valid", period),
        ("list_key", f"{certificate.key_kind} {certificate.key_bits}"),
        ("list_qualified", desk.say(qualified)),
        ("list_where", desk.say("plain", text=Choice(identity).place)),
        ("sha256", certificate.sha256),
        ("list_usable", desk.say("yes") if why is None else desk.say("no_because", why=why)),
    )
    return "".join(f"{desk.say(key) + ':':12}{value}\n" for key, value in rows)


def _content(source: Path, profile: BankProfile, *, text: bool) -> bytes:
    key, why = "", ""
    try:
        content = source.read_bytes()
        return bytes_to_sign(content.decode("utf-8-sig"), profile) if text else content
    except UnicodeDecodeError:
        key = "source_no_text"
    except OSError as error:
        key, why = "source_unread", error.strerror or ""
    raise SignerError(key, path=source, why=why)


def _name(certificate: CertificateInfo) -> str:
    return certificate.common_name or certificate.subject


def _has_tk() -> bool:
    """Whether Tk is there; Debian has it in a package of its own."""
    return all(importlib.util.find_spec(name) for name in ("tkinter", "_tkinter"))
