"""The stages of a conversation, without any screen: what the person does, what is shown, what the server is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest

from companynet.domain.kind import ERP_OPERATIONS, Kind
from companynet.domain.session import Secret
from companynet.testing import make_identity
from companynet_signer.describe import granted_rows, job_rows, local_time, operation, purposes
from companynet_signer.flow import AtOnce, Flow, Stage
from companynet_signer.job import Granted
from companynet_signer.views import Views

PIN = Secret("314159")
WRONG = Secret("271828")
PASSWORD = Secret("tajne-hasło")
WARSAW = ZoneInfo("Europe/Warsaw")


class Later:
    """Work that waits until it is told, in order."""

    def __init__(self) -> None:
        self.waiting = []

    def submit(self, work, done, failed) -> None:
        self.waiting.append((work, done, failed))

    def run(self) -> None:
        while self.waiting:
            AtOnce().submit(*self.waiting.pop(0))


def at_keys(workstation, server, **keys) -> Flow:
    workstation.has(**keys)
    workstation.trusts(server)
    flow = Flow(server.link, workstation.opening, AtOnce())
    flow.start()
    assert flow.stage is Stage.JOB
    flow.accept()
    return flow


def choose(flow: Flow, name: str) -> None:
    flow.choose(next(index for index, choice in enumerate(flow.choices) if choice.name == name))


def test_a_whole_conversation(server, workstation, key_file) -> None:
    flow = at_keys(workstation, server, files=(key_file,))
    assert flow.stage is Stage.KEYS
    # The only key is chosen by itself.
    assert flow.may_sign
    flow.sign(PASSWORD)
    assert flow.stage is Stage.GRANTED
    flow.close()
    assert flow.stage is Stage.CLOSED
    assert (server.done, server.declined) == (True, [])


def test_a_server_not_on_the_list_is_not_contacted_before_the_person_says_so(server, workstation) -> None:
    flow = Flow(server.link, workstation.opening, AtOnce())
    flow.start()
    assert flow.stage is Stage.SERVER
    assert server.origin in Views(flow, "pl").text
    assert server.requests == []
    flow.trust_server()
    assert flow.stage is Stage.JOB
    assert workstation.store.load().servers == (server.origin,)


def test_a_server_that_is_not_trusted_hears_nothing(server, workstation) -> None:
    flow = Flow(server.link, workstation.opening, AtOnce())
    flow.start()
    flow.close()
    assert flow.stage is Stage.CLOSED
    assert server.requests == []
    assert workstation.store.load().servers == ()


@pytest.mark.parametrize("stage", [Stage.JOB, Stage.KEYS])
def test_closing_declines_the_job(server, workstation, key_file, stage) -> None:
    flow = at_keys(workstation, server, files=(key_file,))
    flow.stage = stage
    flow.close()
    assert flow.stage is Stage.CLOSED
    assert server.declined == ["declined"]
    assert server.signatures == []


def test_closing_while_the_job_is_fetched_declines_it(server, workstation) -> None:
    workstation.trusts(server)
    later = Later()
    flow = Flow(server.link, workstation.opening, later)
    flow.start()
    flow.close()
    assert flow.stage is Stage.FETCHING
    assert Views(flow, "pl").text.startswith("Przerywanie")
    later.run()
    assert flow.stage is Stage.CLOSED
    assert server.declined == ["declined"]


def test_closing_before_the_first_signature_left_sends_none(server, workstation, key_file) -> None:
    flow = at_keys(workstation, server, files=(key_file,))
    flow._background = later = Later()
    flow.sign(PASSWORD)
    flow.close()
    later.run()
    assert flow.stage is Stage.CLOSED
    assert (server.signatures, server.declined) == ([], ["declined"])


def test_who_closes_too_late_is_told_that_the_session_is_there(server, workstation, key_file) -> None:
    """The last signature had left: to close without a word would hide a session."""
    flow = at_keys(workstation, server, files=(key_file,))
    make = server.work.make

    def closing(signature: bytes):
        flow.close()
        return make(signature)

    server.work.make = closing
    flow.sign(PASSWORD)
    assert flow.stage is Stage.GRANTED
    assert server.declined == []


def test_closing_twice_does_not_wait(server, workstation) -> None:
    workstation.trusts(server)
    later = Later()
    flow = Flow(server.link, workstation.opening, later)
    flow.start()
    flow.close()
    flow.close()
    assert flow.stage is Stage.CLOSED
    later.run()
    assert flow.stage is Stage.CLOSED


def test_a_wrong_pin_waits_for_the_person(server, workstation, proxy) -> None:
    """One login, the sentence with the tries left, the warning beside the next question, and then the job goes on."""
    flow = at_keys(workstation, server, modules=(proxy.module,))
    choose(flow, "Anna RSA-2048")
    proxy.play("last")
    flow.sign(WRONG)
    views = Views(flow, "pl")
    assert (flow.stage, proxy.calls) == (Stage.KEYS, "L")
    assert "ostatnia próba" in views.failure
    assert "Błędny PIN zablokuje kartę" in views.pin.warning
    assert views.pin.typed
    proxy.play()
    flow.sign(PIN)
    assert flow.stage is Stage.GRANTED


def test_a_pin_that_locks_leaves_nothing_to_ask(server, workstation, proxy) -> None:
    """Closing then tells the server why."""
    flow = at_keys(workstation, server, modules=(proxy.module,))
    choose(flow, "Anna RSA-2048")
    proxy.play("last", "wrong-locks")
    flow.sign(WRONG)
    views = Views(flow, "pl")
    assert flow.stage is Stage.KEYS
    assert not flow.may_sign
    assert views.pin is None
    assert "zablokowany" in views.chosen_note
    flow.sign(PIN)
    assert proxy.calls == "L"
    flow.close()
    assert server.declined == ["pin_locked"]


def test_a_card_that_has_gone_is_looked_for(server, workstation, proxy) -> None:
    flow = at_keys(workstation, server, modules=(proxy.module,))
    choose(flow, "Anna P-256")
    proxy.play("removed")
    flow.sign(PIN)
    assert flow.stage is Stage.KEYS
    assert flow.choices == ()
    views = Views(flow, "en")
    assert "Is it in the reader?" in views.failure
    assert "No certificate was found" in views.keys_note
    proxy.play()
    flow.look_for_keys()
    choose(flow, "Anna P-256")
    assert flow.failure is None
    flow.sign(PIN)
    assert flow.stage is Stage.GRANTED


def test_cancelling_on_the_reader_may_be_thought_over(server, workstation, proxy) -> None:
    flow = at_keys(workstation, server, modules=(proxy.module,))
    proxy.play("pad", "cancels")
    choose(flow, "Anna P-256")
    assert not Views(flow, "pl").pin.typed
    flow.sign(None)
    assert flow.stage is Stage.KEYS
    flow.close()
    assert server.declined == ["declined"]


def test_a_module_that_fails_is_told_and_hides_no_key(server, workstation, proxy, tmp_path) -> None:
    (tmp_path / "broken.so").write_bytes(b"no library")
    flow = at_keys(workstation, server, modules=(str(tmp_path / "broken.so"), proxy.module))
    views = Views(flow, "pl")
    assert "broken.so" in views.keys_note
    assert {"Anna RSA-2048", "Anna P-256"} <= {line.name for line in views.keys}


def test_an_unusable_certificate_is_there_with_its_reason_and_cannot_be_chosen(
    server, workstation, proxy, clock
) -> None:
    clock.advance(600 * 24 * 3600)
    flow = at_keys(workstation, server, modules=(proxy.module,))
    views = Views(flow, "pl")
    line = next(line for line in views.keys if line.name == "Anna P-256")
    assert line.why_not.startswith("certyfikat stracił ważność 2027-01-01")
    choose(flow, "Anna P-256")
    assert not flow.may_sign
    assert views.chosen_note.startswith("Nie można użyć: certyfikat stracił ważność")
    flow.sign(PIN)
    assert (flow.stage, proxy.calls) == (Stage.KEYS, "")


def test_a_file_can_be_added_by_hand(server, workstation, tmp_path, key_file) -> None:
    flow = at_keys(workstation, server)
    assert flow.choices == ()
    assert Views(flow, "pl").keys_note.startswith("Nie znaleziono certyfikatu.")
    flow.add_file(tmp_path / "absent.p12")
    flow.sign(PASSWORD)
    assert flow.stage is Stage.KEYS
    assert flow.failure.reason == "no_token"
    flow.add_file(key_file)
    flow.sign(Secret("złe"))
    assert Views(flow, "pl").failure.startswith("Hasło pliku z kluczem jest błędne")
    flow.sign(PASSWORD)
    assert flow.stage is Stage.GRANTED


def test_a_server_that_cannot_be_reached_may_be_tried_again(server_later, workstation) -> None:
    """Nothing was sent: the code is good still."""
    link, origin, start = server_later
    workstation.store.change(lambda settings: replace(settings, servers=(origin,)))
    flow = Flow(link, workstation.opening, AtOnce())
    flow.start()
    assert (flow.stage, flow.failure.again) == (Stage.FAILED, True)
    assert "Nic nie zostało wysłane" in Views(flow, "pl").text
    with start():
        flow.again()
        assert flow.stage is Stage.JOB


def test_a_job_that_changed_is_declined(server, workstation, key_file) -> None:
    right = server.content_of
    server.content_of = lambda round_: {**right(round_), "bank_user": f"ALFA0{round_}"}
    flow = at_keys(workstation, server, files=(key_file,))
    flow.sign(PASSWORD)
    assert (flow.stage, flow.failure.again) == (Stage.FAILED, False)
    assert Views(flow, "pl").heading == "Sesja nie powstała"
    assert server.declined == ["changed"]


def test_after_an_answer_to_the_last_signature_that_cannot_be_read_a_session_may_be_there(
    server, workstation, key_file
) -> None:
    server.work.make = lambda _signature: {"end": "soon"}
    flow = at_keys(workstation, server, files=(key_file,))
    flow.sign(PASSWORD)
    assert (flow.stage, flow.failure.again) == (Stage.FAILED, False)
    assert Views(flow, "pl").heading == "Wynik nieznany"
    assert "sesja mogła powstać" in Views(flow, "pl").text
    assert server.declined == ["failed"]


def test_a_server_that_says_no_to_the_signature_is_quoted(server, workstation, key_file) -> None:
    """Another certificate may be tried: nothing was sent to the bank (400)."""
    said = {"pl": "Certyfikat nie jest tym wybranym.", "en": "Not the chosen certificate."}
    answer = server.answer
    server.answer = lambda name, *rest: (400, {"error": said}) if name == "signature" else answer(name, *rest)
    flow = at_keys(workstation, server, files=(key_file,))
    flow.sign(PASSWORD)
    assert flow.stage is Stage.KEYS
    assert Views(flow, "pl").failure == "Serwer odmówił: Certyfikat nie jest tym wybranym."
    server.answer = answer
    flow.sign(PASSWORD)
    assert flow.stage is Stage.GRANTED


def test_a_wrong_link_is_told_like_any_failure(workstation) -> None:
    flow = Flow("mbanksign://sign?v=1", workstation.opening, AtOnce())
    flow.start()
    assert flow.stage is Stage.FAILED
    assert "parametry" in Views(flow, "pl").text
    flow.close()
    assert flow.stage is Stage.CLOSED


def test_damaged_settings_are_told_like_any_failure(server, workstation) -> None:
    workstation.store.change(lambda settings: settings)
    workstation.store.path.write_text("{")
    flow = Flow(server.link, workstation.opening, AtOnce())
    flow.start()
    assert flow.stage is Stage.FAILED
    assert "uszkodzony" in Views(flow, "pl").text
    assert server.requests == []


def test_a_fault_of_the_program_is_told_without_its_text(server, workstation, key_file) -> None:
    """The text of an unexpected error may hold anything."""
    flow = at_keys(workstation, server, files=(key_file,))
    flow.conversation.sign = lambda *_: 1 / 0
    flow.sign(PASSWORD)
    assert flow.stage is Stage.FAILED
    assert (
        Views(flow, "en").text == "A fault of the signing program (ZeroDivisionError). Nothing more will be signed."
    )


# What is shown.


@pytest.fixture
def shown(server, workstation):
    workstation.trusts(server)
    flow = Flow(server.link, workstation.opening, AtOnce())
    flow.start()
    return flow


def test_all_of_the_job_is_shown(shown, server) -> None:
    """Each value of the content, in words where there are words."""
    views = Views(shown, "pl", WARSAW)
    text = "\n".join([views.text, *(f"{row.label}\n" + "\n".join(row.lines) for row in views.rows)])
    for value in (
        "mBank CompanyNet",
        "https://www.companynet-test.ebre.pl/ws/services/IBREService_v1_0",
        "(usługa testowa mBanku)",
        "ALFA01",
        "10000001 – Zakłady Przykładowe Alfa sp. z o.o.",
        "wysyłanie zleceń płatniczych",
        "2025-12-01 23:59:59 (CET, UTC+01:00)",
        "Jan Kowalski",
        server.origin,
        "alfa",
        "dowolny zarejestrowany w banku",
        "2026-11-25 15:10:00 (CET, UTC+01:00)",
        "Logowanie użytkownika ALFA01, żądanie nr 4711 — podpisz",
    ):
        assert value in text, value


def test_the_challenge_is_shown_as_it_is_signed(shown) -> None:
    (row,) = [row for row in Views(shown, "en").rows if row.verbatim]
    assert "\n".join(row.lines) == shown.job.task.text


def test_an_unknown_address_and_an_unknown_operation_are_called_so(shown) -> None:
    other = replace(shown.job.content, endpoint="https://bank.example/ws", operations=("deleteAll",))
    rows = {
        row.label: row.lines for row in job_rows(replace(shown.job, content=other), shown.conversation.link, "pl")
    }
    assert rows["Adres usługi banku"] == ("https://bank.example/ws", "(adres nieznany temu programowi)")
    assert rows["Do czego służy sesja"] == ("deleteAll (operacja nieznana temu programowi)",)


@pytest.mark.parametrize(
    ("operations", "lines"),
    [
        (Kind.STATEMENTS.operations, ("wyciągi: zamawianie, odbieranie i potwierdzanie odbioru",)),
        (
            ERP_OPERATIONS,
            (
                "wyciągi: zamawianie, odbieranie i potwierdzanie odbioru",
                "płatności: wysyłanie zleceń płatniczych i sprawdzanie, co się z nimi dzieje",
            ),
        ),
        (
            {"getStatus", "universalPaymentSend", "deleteAll"},
            (
                "deleteAll (operacja nieznana temu programowi)",
                "płatności, tylko w części: wysyłanie zleceń płatniczych, sprawdzanie statusu zleceń",
            ),
        ),
    ],
)
def test_the_person_reads_what_the_session_is_for(operations, lines) -> None:
    assert purposes(operations, "pl") == lines


@pytest.mark.parametrize("language", ["pl", "en"])
def test_no_name_of_the_contract_is_shown_for_what_is_known(language) -> None:
    for size in range(1, 7):
        for names in combinations(sorted(ERP_OPERATIONS), size):
            assert not [name for name in ERP_OPERATIONS if name in "".join(purposes(names, language))]


@pytest.mark.parametrize("language", ["pl", "en"])
def test_every_operation_of_the_erp_has_words(language) -> None:
    assert not [name for name in ERP_OPERATIONS if name in operation(name, language)]


def test_less_than_was_asked_for_is_told_even_if_the_server_does_not(shown) -> None:
    granted = Granted(shown.job.content.end - timedelta(days=1), (), "bank skrócił\nsesję")
    rows = {row.label: row.lines for row in granted_rows(granted, shown.job, (shown.job.task,), "pl", WARSAW)}
    assert rows["Różnice"] == (
        "bank skrócił",
        "sesję",
        "koniec sesji jest inny niż proszono (2025-12-01 23:59:59 (CET, UTC+01:00))",
        "nie przyznano DIK: 10000001",
    )
    assert rows["Ważna do"] == ("2025-11-30 23:59:59 (CET, UTC+01:00)",)
    assert rows["Podpisany tekst banku (logowanie)"] == (shown.job.task.text,)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (UTC, "2025-07-01 12:00:00 (UTC)"),
        (WARSAW, "2025-07-01 14:00:00 (CEST, UTC+02:00)"),
        (timezone(timedelta(hours=-3, minutes=-30)), "2025-07-01 08:30:00 (UTC-03:30)"),
        (ZoneInfo("America/Sao_Paulo"), "2025-07-01 09:00:00 (UTC-03:00)"),
    ],
)
def test_times_are_local_with_their_zone(zone, text) -> None:
    assert local_time(datetime(2025, 7, 1, 12, tzinfo=UTC), zone) == text


def test_a_card_with_several_certificates_behind_its_pin_lets_choose(server, workstation, proxy, monkeypatch) -> None:
    """The PIN was right; it is asked for once more with the certificate that was chosen."""
    flow = at_keys(workstation, server, modules=(proxy.module,))
    visible = tuple(choice for choice in flow.choices if choice.certificate)
    monkeypatch.setattr(flow.conversation.rack, "reveal", lambda *_: visible)
    choose(flow, "hidden")
    flow.sign(PIN)
    assert flow.stage is Stage.KEYS
    assert "kilka certyfikatów" in Views(flow, "pl").failure
    assert {choice.name for choice in flow.choices} == {choice.name for choice in visible}
    monkeypatch.undo()
    choose(flow, "Anna P-256")
    flow.sign(PIN)
    assert flow.stage is Stage.GRANTED


def test_the_names_of_keys_are_those_of_their_certificates(server, workstation, key_file, proxy) -> None:
    flow = at_keys(workstation, server, modules=(proxy.module,), files=(key_file,))
    lines = {line.name: line for line in Views(flow, "pl", WARSAW).keys}
    assert lines["Anna P-256"].valid_to == "2027-01-01"
    assert lines["Anna P-256"].issuer == "Próbne Centrum Certyfikacji"
    assert lines["Anna P-256"].place == "karta „P-256”"
    assert (lines["hidden"].issuer, lines["hidden"].place) == ("(widoczny po podaniu PIN-u)", "karta „hidden”")
    assert (lines["anna.p12"].valid_to, lines["anna.p12"].place) == ("", "plik anna.p12")


def test_a_wrong_key_in_a_file_may_be_changed_for_another(server, workstation, tmp_path, key_file) -> None:
    old = make_identity("Jan Dawny", valid_to=datetime(2025, 8, 1, tzinfo=UTC))
    (tmp_path / "old.p12").write_bytes(old.p12)
    flow = at_keys(workstation, server, files=(tmp_path / "old.p12", key_file))
    choose(flow, "old.p12")
    flow.sign(PASSWORD)
    assert "stracił ważność 2025-08-01" in Views(flow, "pl").failure
    choose(flow, "anna.p12")
    flow.sign(PASSWORD)
    assert flow.stage is Stage.GRANTED
