"""An authority of the tests' own, tokens in SoftHSM, and the proxy that plays what SoftHSM cannot."""

import os
import shlex
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from companynet.errors import SigningError
from companynet.signing.token_worker import worker_for

HERE = Path(__file__).parent
PIN = "314159"
YEARS = {"not_valid_before": datetime(2025, 1, 1, tzinfo=UTC), "not_valid_after": datetime(2027, 1, 1, tzinfo=UTC)}
#: QCStatements: qualified, on a qualified device.
QUALIFIED_ON_DEVICE = bytes.fromhex("30143008060604008e4601013008060604008e460104")


@pytest.fixture(autouse=True)
def parameters_are_those_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in a test of this folder: the error has just the parameters that its code promises."""
    make = SigningError.__init__

    def made(self, message, *, reason_code, **parameters) -> None:
        assert set(parameters) == set(reason_code.parameters), reason_code
        make(self, message, reason_code=reason_code, **parameters)

    monkeypatch.setattr(SigningError, "__init__", made)


@dataclass(frozen=True)
class Authority:
    """A small CA that signs certificates like those of qualified signatures."""

    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @classmethod
    def make(cls, name: str = "Próbne Centrum Certyfikacji") -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = cls._builder(subject, subject, key).add_extension(x509.BasicConstraints(True, None), True)
        return cls(
            name,
            key,
            builder.add_extension(usage(key_cert_sign=True, crl_sign=True), True).sign(key, hashes.SHA256()),
        )

    @staticmethod
    def _builder(subject: x509.Name, issuer: x509.Name, key: object) -> x509.CertificateBuilder:
        public = key.public_key()
        builder = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number(), **YEARS)
        return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)

    def certify(
        self, key: object, common_name: str = "Anna Próbna", *, statements: bytes = QUALIFIED_ON_DEVICE
    ) -> x509.Certificate:
        """A person's certificate: nonRepudiation alone, serialNumber PNOPL-…, QCStatements."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, "PNOPL-44051401359"),
            ]
        )
        builder = self._builder(subject, self.certificate.subject, key)
        builder = builder.add_extension(usage(content_commitment=True), True)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
        )
        if statements:
            oid = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, statements), False)
        return builder.sign(self.key, hashes.SHA256())


def usage(**true: bool) -> x509.KeyUsage:
    names = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign"
    return x509.KeyUsage(
        **{name: true.get(name, False) for name in f"{names} crl_sign encipher_only decipher_only".split()}
    )


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.make()


@pytest.fixture(scope="session")
def another_authority() -> Authority:
    return Authority.make("Obce Centrum")


@dataclass(frozen=True)
class Person:
    """A key in memory with a certificate of the tests' authority, for OpenSSL's command line."""

    folder: Path
    certificate: bytes

    def openssl_sign(self, content: bytes, options: str) -> bytes:
        (self.folder / "content").write_bytes(content)
        command = f"openssl cms -sign -binary -in content -signer certificate.pem -inkey key.pem {options}"
        return subprocess.run(command.split(), cwd=self.folder, capture_output=True, check=True).stdout


@pytest.fixture(scope="session")
def person(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Person:
    folder = tmp_path_factory.mktemp("person")
    certificates = []
    for name, key in (
        ("", rsa.generate_private_key(65537, 2048)),
        ("second_", ec.generate_private_key(ec.SECP256R1())),
    ):
        certificates.append(authority.certify(key))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}key.pem").write_bytes(pem)
        (folder / f"{name}certificate.pem").write_bytes(certificates[-1].public_bytes(Encoding.PEM))
    return Person(folder, certificates[0].public_bytes(Encoding.DER))


@dataclass(frozen=True)
class Tokens:
    """Tokens in a folder of their own."""

    module: str
    folder: Path


def softhsm_library() -> str:
    for folder in ("/usr/lib/softhsm", "/usr/local/lib/softhsm", "/usr/lib64/pkcs11", "/opt/homebrew/lib/softhsm"):
        library = Path(folder) / "libsofthsm2.so"
        if library.exists():
            return str(library)
    pytest.fail("SoftHSM is missing: these tests need Debian's softhsm2, which `make test` installs", pytrace=False)


@pytest.fixture(scope="session")
def tokens(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    """Tokens named after what is on them; all have the same PIN."""
    library = softhsm_library()
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    keys = {
        "RSA-2048": rsa.generate_private_key(65537, 2048),
        "RSA-3072": rsa.generate_private_key(65537, 3072),
        "P-256": ec.generate_private_key(ec.SECP256R1()),
        "at each": rsa.generate_private_key(65537, 2048),
        "cloud": rsa.generate_private_key(65537, 2048),
        "hidden": ec.generate_private_key(ec.SECP256R1()),
    }
    for label in (*keys, "no key"):
        command = f"softhsm2-util --init-token --free --label '{label}' --pin {PIN} --so-pin 12345678"
        subprocess.run(shlex.split(command), check=True, capture_output=True)
    worker = worker_for(library)
    for label, key in keys.items():
        worker.run(lambda lib, label=label, key=key: put(lib, label, key, authority))
    stranger = authority.certify(ec.generate_private_key(ec.SECP256R1()), "Bez Klucza")
    worker.run(lambda lib: put_certificate(lib, "no key", stranger))
    return Tokens(library, folder)


def put(lib: object, label: str, key: object, authority: Authority) -> None:
    from pkcs11 import Attribute
    from pkcs11.util.ec import decode_ec_private_key
    from pkcs11.util.rsa import decode_rsa_private_key

    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    attributes = (
        decode_ec_private_key(der) if isinstance(key, ec.EllipticCurvePrivateKey) else decode_rsa_private_key(der)
    )
    always = {Attribute.ALWAYS_AUTHENTICATE: True} if label == "at each" else {}
    own = {
        Attribute.TOKEN: True,
        Attribute.PRIVATE: label != "cloud",
        Attribute.SENSITIVE: True,
        Attribute.SIGN: True,
    }
    with lib.get_token(token_label=label).open(rw=True, user_pin=PIN) as session:
        session.create_object({**attributes, **own, **always, Attribute.ID: b"\x0a", Attribute.LABEL: label})
    put_certificate(lib, label, authority.certify(key, f"Anna {label}"))
    put_certificate(lib, label, authority.certificate)


def put_certificate(lib: object, label: str, certificate: x509.Certificate) -> None:
    from pkcs11 import Attribute
    from pkcs11.util.x509 import decode_x509_certificate

    attributes = decode_x509_certificate(certificate.public_bytes(Encoding.DER))
    more = {Attribute.TOKEN: True, Attribute.PRIVATE: label == "hidden", Attribute.ID: b"\x0a"}
    with lib.get_token(token_label=label).open(rw=True, user_pin=PIN) as session:
        session.create_object({**attributes, **more})


@dataclass(frozen=True)
class Proxy:
    """The proxy module and what drives it."""

    module: str
    control: Path
    calls_file: Path

    def play(self, *words: str) -> None:
        self.control.write_text(" ".join(words))

    @property
    def calls(self) -> str:
        """A letter a call, see token_proxy.c."""
        return self.calls_file.read_text() if self.calls_file.exists() else ""


@pytest.fixture(scope="session")
def proxy_library(tokens: Tokens) -> Proxy:
    library, control, calls = (tokens.folder / name for name in ("proxy.so", "control", "calls"))
    names = {"REAL": tokens.module, "CONTROL": control, "CALLS": calls, "PAD_PIN": PIN}
    defines = [f'-D{name}="{value}"' for name, value in names.items()]
    compiler = os.environ.get("CC", "cc")
    try:
        command = [
            compiler,
            "-shared",
            "-fPIC",
            "-w",
            *defines,
            "-o",
            str(library),
            str(HERE / "token_proxy.c"),
            "-ldl",
        ]
        subprocess.run(command, check=True)
    except FileNotFoundError:
        pytest.fail(
            "a C compiler is missing: these tests need Debian's gcc, which `make test` installs", pytrace=False
        )
    return Proxy(str(library), control, calls)


@pytest.fixture
def proxy(proxy_library: Proxy) -> Proxy:
    """The proxy, playing nothing yet, with no call noted."""
    proxy_library.play()
    proxy_library.calls_file.unlink(missing_ok=True)
    return proxy_library
