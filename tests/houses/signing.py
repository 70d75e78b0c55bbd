"""A house, and a person who signs in it: as the signer on the workstation talks with the server."""

import base64
import datetime as dt
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from demo.erp import Person

from companynet.domain.session import Secret
from companynet.signing import Pkcs12Signer
from companynet_sandbox import testing
from companynet_sandbox.customers import demo_data
from tests.houses.house import House, running_house

PIN = "123456"

Answer = tuple[int, dict[str, Any]]


@dataclass
class SigningHouse(House):
    """A house, and who signs."""

    signer: Pkcs12Signer
    p12: bytes
    """The same key, as a file; its password is the PIN."""

    def begin(self) -> str:
        """Jan asks for a session to be signed on the workstation: the code of the link."""
        return code_of(press_create(filled_dialog(self.person("jan"))))

    def post(self, path: str, message: dict[str, Any], ticket: str | None = None) -> Answer:
        """What the signer sends."""
        headers = {"Content-Type": "application/json"}
        if ticket:
            headers["Authorization"] = f"Bearer {ticket}"
        request = urllib.request.Request(  # noqa: S310 - the server on this machine
            f"{self.world.web_url}/{self.database}/mbank/signing/{path}", json.dumps(message).encode(), headers
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def take(self, code: str) -> Answer:
        """Change the code for the job."""
        return self.post("job", {"v": 1, "code": code, "client": "test 1.0"})

    def signature(self, content: bytes) -> bytes:
        """What the signer makes of the bytes; in a thread, for the browser's has an event loop running."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(self.signer.sign_detached, content).result()

    def sign(self, ticket: str, job: dict[str, Any]) -> Answer:
        """Sign the text of a round and send the signature."""
        signature = self.signature(job["text"].encode(job["encoding"]))
        message = {"v": 1, "round": job["round"], "signature": base64.b64encode(signature).decode()}
        return self.post("signature", message, ticket)


@contextmanager
def signing_house(name: str) -> Iterator[SigningHouse]:
    """A running house; Jan signs with a key in a file."""
    now = dt.datetime.now(dt.UTC)
    made = testing.make_identity("Jan Kowalski", now - dt.timedelta(days=1), now + dt.timedelta(days=300), PIN)
    with running_house(name, made.certificate_pem) as house:
        yield SigningHouse(house.world, house.database, Pkcs12Signer.load(made.p12, Secret(PIN)), made.p12)


def filled_dialog(person: Person) -> Any:
    """The person's dialog, filled in for a session to be signed on the workstation, on its last page."""
    dialog = person.wizard("mbank.session.create")
    dialog.form.bank_user = demo_data.USER_ALFA
    dialog.form.way = "workstation"
    dialog.execute("review_")
    return dialog


def press_create(dialog: Any) -> str:
    """Press the button of a filled dialog: the link it opens."""
    # Proteus would run the action in place of showing it.
    data = {dialog.form_state: dialog.form._get_on_change_values()}
    made = dialog._proxy.execute(dialog.session_id, data, "create_", dialog._config.context)
    [(action, _)] = made["actions"]
    return str(action["url"])


def code_of(link: str) -> str:
    """The code in a link."""
    return parse_qs(urlsplit(link).query)["code"][0]
