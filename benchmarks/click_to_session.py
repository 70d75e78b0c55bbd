"""From the click to the active session, with a card, without the person: how long, and where the time goes.

All of it is real but the person and the browser: the ERP on PostgreSQL, the sandbox bank, SoftHSM for the card, and
the signer's command in a process of its own, started anew each time as a link starts it, its questions answered as
soon as they stand there. The calls of the web client are made as it makes them. What a browser adds (it opens the
link, is woken by the bus and draws) is not in it, nor is a card's slowness: SoftHSM is software.

Beside it the least there is: the library alone makes a session at the same bank with the same card, no ERP between.
The peers take turns; the median of the rounds is printed, and the first one, which finds everything cold.

Run: `python benchmarks/click_to_session.py [--rounds N]`. Needs SoftHSM, and what `make demo` sets up.
"""

import argparse
import datetime as dt
import itertools
import json
import os
import pty
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.cards import LIBRARY, make_cards
from tests.houses.house import House, running_house
from tests.houses.signing import filled_dialog, press_create
from tests.workstation import Workstation

from companynet.client import CompanyNet
from companynet.domain.session import Permission, PermissionConfig, Secret
from companynet.profile import BankProfile
from companynet.signing import Pkcs11Signer, list_identities
from companynet_sandbox import testing
from companynet_sandbox.customers import demo_data

PIN = "314159"
LABEL = "Karta Jana"
GOAL = 3.0
#: What the signer asks, and what is answered.
QUESTIONS = (
    (b"Do you want to sign this? [y/N] ", b"y\n"),
    (b"q \xe2\x80\x93 decline: ", b"1\n"),
    (b"PIN of the card: ", PIN.encode() + b"\n"),
)
PARTS = (
    "the server stores the job, makes the link",
    "the signer starts, the bank gives its text",
    "cards and certificates are listed",
    "the chosen card is asked",
    "two signatures, login, session at the bank",
    "the dialog shows the session",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    now = dt.datetime.now(dt.UTC)
    identity = testing.make_identity("Jan Kowalski", now - dt.timedelta(days=1), now + dt.timedelta(days=300), PIN)
    with tempfile.TemporaryDirectory() as name, running_house("bench", identity.certificate_pem) as house:
        folder = Path(name)
        (folder / "home").mkdir()
        desk = Workstation("", folder / "home", make_cards(folder, {LABEL: identity}, PIN), folder)
        desk.signer("settings", "--add-module", LIBRARY, "--allow", house.world.web_url, "--language", "en")
        whole, busy, alone = [], [], []
        for _round in range(rounds):
            parts, processor = click_to_session(house, desk)
            whole.append(parts)
            busy.append(processor)
            alone.append(library_alone(house))
    report(whole, busy, alone)


def click_to_session(house: House, desk: Workstation) -> tuple[list[float], float]:
    """Seconds of each part, and those of the processor that the signer took."""
    person = house.person("jan")
    dialog = filled_dialog(person)
    times = [time.perf_counter()]
    link = press_create(dialog)
    times.append(time.perf_counter())
    answered, processor = answer_signer(desk, link)
    times += answered
    shown = dialog._proxy.execute(dialog.session_id, {}, "check_", dialog._config.context)
    times.append(time.perf_counter())
    assert shown["view"]["state"] == "result", shown
    assert len(person.find("mbank.session", ("state", "=", "active"))) == 1
    return [after - before for before, after in itertools.pairwise(times)], processor


def answer_signer(desk: Workstation, link: str) -> tuple[list[float], float]:
    """Start the signer in a terminal and answer it; when each question stood there and when it ended, and the seconds
    of the processor it took.
    """
    program = str(Path(sys.executable).with_name("companynet-signer"))
    process, terminal = pty.fork()
    if process == 0:
        os.execve(program, [program, "open", "--terminal", link], desk.environment)  # noqa: S606 - our own command
    times, seen = [], b""
    for question, answer in (*QUESTIONS, (b"", b"")):
        while not (question and seen.endswith(question)):
            try:
                seen += os.read(terminal, 4096)
            except OSError:
                # Linux's way to say that the program is gone.
                break
        times.append(time.perf_counter())
        if answer:
            os.write(terminal, answer)
    _, status, used = os.wait4(process, 0)
    os.close(terminal)
    assert status == 0, seen.decode()
    return times, used.ru_utime + used.ru_stime


def library_alone(house: House) -> float:
    """Seconds for a session made by the library, listing of the card included."""
    profile = BankProfile(**json.loads(house.world.profile.read_text()))
    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=90)
    asked = PermissionConfig(end, (Permission("10000001"),))
    started = time.perf_counter()
    [found] = list_identities([LIBRARY], dt.datetime.now(dt.UTC)).identities
    client = CompanyNet(profile)
    with Pkcs11Signer(found).unlocked(Secret(PIN), signatures=2) as signer:
        made: Any = client.sessions.open("10000001", demo_data.USER_ALFA, asked, signer, keep=[].append)
    ended = time.perf_counter() - started
    client.sessions.finish(made.token)
    return ended


def report(whole: list[list[float]], busy: list[float], alone: list[float]) -> None:
    """Print the parts, the whole and the peer."""
    print(f"{'':46}{'median s':>10}{'first s':>10}")
    for name, parts in zip(PARTS, zip(*whole, strict=True), strict=True):
        print(f"{name:46}{statistics.median(parts):10.2f}{parts[0]:10.2f}")
    sums = [sum(parts) for parts in whole]
    median = statistics.median(sums)
    print(f"{'from the click to the active session':46}{median:10.2f}{sums[0]:10.2f}   goal {GOAL:.0f} s")
    print(f"{'slowest of ' + str(len(sums)) + ' rounds':46}{max(sums):10.2f}")
    print(f"{'the processor, by the signer':46}{statistics.median(busy):10.2f}{busy[0]:10.2f}")
    least = statistics.median(alone)
    print(f"{'the library alone':46}{least:10.2f}{alone[0]:10.2f}   the whole takes {median / least:.1f}x")


if __name__ == "__main__":
    main()
