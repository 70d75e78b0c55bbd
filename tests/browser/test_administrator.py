"""The administrator's places in Polish: the parameters, the change of context, the audit and its file, keys on the
server; beside them sharing and what is to be renewed."""

import csv
import io
import re
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo import firms
from demo.job import PIN, Job
from playwright.sync_api import Locator, expect

from tests.browser.webclient import LogIn, WebClient, dialog
from tests.conftest import TOKEN_PIN

PARAMETERS = ("Parametry pracy", "HomeBanking", "Banki", "mBank")
KEYS = "Klucze na serwerze"
ALFA, ALFA_SERWIS = (company.name for company in firms.ALFA.companies)
JANS = "\"user\" = (SELECT id FROM res_user WHERE login = 'jan') AND state IN ('active', 'expiring')"


@pytest.fixture
def no_sessions(job: Job) -> Iterator[None]:
    """Nobody has a session; Jan's is in force again after."""
    with job.world.cluster.connect(firms.ALFA.database) as connection:
        ids = connection.execute(f"SELECT id FROM mbank_session WHERE {JANS}").fetchall()  # noqa: S608
        for row in ids:
            connection.execute("UPDATE mbank_session SET state = 'superseded' WHERE id = %s", row)
        yield
        for row in ids:
            connection.execute("UPDATE mbank_session SET state = 'active' WHERE id = %s", row)


@pytest.fixture
def near_its_end(job: Job) -> Iterator[None]:
    """Jan's session ends in ten days."""
    with job.world.cluster.connect(firms.ALFA.database) as connection:
        ends = connection.execute(f'SELECT id, "end", state FROM mbank_session WHERE {JANS}').fetchall()  # noqa: S608
        for session, _end, _state in ends:
            connection.execute(
                "UPDATE mbank_session SET \"end\" = now() + interval '10 days' WHERE id = %s", [session]
            )
        yield
        for session, end, state in ends:
            connection.execute('UPDATE mbank_session SET "end" = %s, state = %s WHERE id = %s', [end, state, session])


@pytest.fixture
def keys_removed(job: Job) -> Iterator[None]:
    """No key stays on the server."""
    yield
    admin = job.person(firms.ALFA, "admin")
    for key in admin.find("mbank.server_key"):
        key.delete()


def form(client: WebClient) -> Locator:
    """What is shown in the open tab."""
    return client.page.locator(".tab-pane.active")


def rows(client: WebClient) -> Locator:
    """Of the list that is shown."""
    return form(client).locator("tbody tr:visible")


def refused(client: WebClient, sentence: str, name: str) -> None:
    """The sentence is shown; picture it and close it."""
    expect(client.page.locator(".modal-dialog:visible").last).to_contain_text(sentence, timeout=30_000)
    client.picture(name)
    close(client)


def close(client: WebClient) -> None:
    """Press the last button of the uppermost dialog, and wait until it has gone."""
    dialogs = client.page.locator(".modal-dialog:visible")
    before = dialogs.count()
    dialogs.last.get_by_role("button").last.click()
    expect(dialogs).to_have_count(before - 1)
    client.settle()


def fill(client: WebClient, label: str, value: str) -> None:
    """Type into a field of the form and leave it."""
    # A number is shown as a text until it is entered.
    field = form(client).get_by_label(label).locator("visible=true")
    field.click()
    field.fill(value)
    field.press("Tab")
    client.settle()


def choose(client: WebClient, field: Locator, text: str) -> None:
    """Type a part of a name and take what is found."""
    client.settle()
    field.click()
    field.fill(text)
    field.press("Tab")
    found = client.page.locator(".modal-dialog:visible")
    found.locator("tbody tr:visible").filter(has_text=text).locator("input").first.check()
    found.get_by_role("button", name="OK", exact=True).click()
    expect(found).to_have_count(0)
    client.settle()


def save(client: WebClient) -> None:
    """As a person does with the keyboard."""
    client.page.keyboard.press("Control+s")


def test_the_parameters(job: Job, log_in: LogIn) -> None:
    """They are found by their labels; what cannot be is refused by its field and its value, and nothing is stored."""
    admin = job.person(firms.ALFA, "admin")
    before = admin.model("mbank.configuration")(1)
    with log_in("admin") as client:
        client.open_menu(*PARAMETERS, "mBank Autoryzacja")
        expect(form(client).get_by_label("Domyślny użytkownik autoryzujący")).to_have_value("Jan Kowalski")
        expect(form(client).get_by_label("Zapisuj poświadczenia per firma")).to_have_attribute("readonly", "")
        for way in ("Na stacji roboczej", "Ręcznie", "Kluczem przechowywanym tutaj"):
            expect(form(client).get_by_label(way)).to_be_checked()
        expect(form(client).get_by_label("Usługa sieciowa banku")).to_have_value(re.compile("http"))
        client.settle()
        client.picture("parameters")
        for label, wrong, right in (
            ("Najdłuższa ważność (dni)", "0", str(before.longest_life)),
            ("Domyślna ważność (dni)", "-3", str(before.default_life)),
            ("Odnowienie (dni przed końcem)", "0", str(before.renewal_days)),
            ("Ostrzeżenia (dni przed końcem)", "30; 7", before.session_warnings),
            ("Przechowywanie rejestru wywołań (dni)", "30", str(before.audit_keep_days)),
            ("Instalator programu podpisującego", "ftp://podpis", before.signer_url or ""),
        ):
            fill(client, label, wrong)
            save(client)
            sentence = client.page.locator(".modal-dialog:visible").last
            expect(sentence).to_contain_text(f"„{label}”")
            refused(client, wrong, f"parameters-{label.split()[0].lower()}")
            fill(client, label, right)
        for way in ("Na stacji roboczej", "Ręcznie", "Kluczem przechowywanym tutaj"):
            form(client).get_by_label(way).uncheck()
        save(client)
        refused(client, "Dopuść co najmniej jeden sposób podpisania", "parameters-no-way")
        for way in ("Na stacji roboczej", "Ręcznie", "Kluczem przechowywanym tutaj"):
            form(client).get_by_label(way).check()
        default_user = form(client).get_by_label("Domyślny użytkownik autoryzujący")
        fill(client, "Domyślny użytkownik autoryzujący", "")
        choose(client, default_user, "Piotr")
        save(client)
        refused(client, "Piotr Zieliński nie może być domyślnym użytkownikiem autoryzującym", "parameters-user")
        fill(client, "Domyślny użytkownik autoryzujący", "")
        choose(client, default_user, "Jan")
        fill(client, "Odnowienie (dni przed końcem)", "21")
        save(client)
        client.settle()
    after = admin.model("mbank.configuration")(1)
    assert (after.renewal_days, after.longest_life, after.session_warnings) == (
        21,
        before.longest_life,
        before.session_warnings,
    )
    assert after.default_authorising_user.login == "jan"
    after.renewal_days = before.renewal_days
    after.save()


def test_the_context_is_changed_knowingly(job: Job, log_in: LogIn) -> None:
    """The dialog says what becomes of each session and of the default user; only its button does it, there and back."""
    admin = job.person(firms.ALFA, "admin")

    def context() -> tuple[bool, str | None]:
        """Of the setting, and of Jan's session."""
        session = admin.one("mbank.session", ("user.login", "=", "jan"), ("state", "in", ["active", "expiring"]))
        setting = admin.model("mbank.configuration")(1).credentials_per_company
        return setting, session.company.party.name if session.company else None

    with log_in("admin") as client:
        client.open_menu(*PARAMETERS, "mBank Autoryzacja")
        client.press("Zmień…")
        page = dialog(client)
        expect(page.locator("textarea:visible").first).to_have_value(
            re.compile("jedną sesję dla każdej centrali.*dla której ją zalogowano.*stanie się to", re.DOTALL)
        )
        row = page.locator("tbody tr:visible")
        expect(row).to_have_count(1)
        expect(row).to_contain_text("Jan Kowalski")
        expect(row).to_contain_text(f"Zostaje dla centrali {ALFA}")
        expect(row).to_contain_text(ALFA_SERWIS)
        expect(page.locator("textarea:visible").last).to_have_value(re.compile(f"{ALFA}: Jan Kowalski"))
        client.settle()
        client.picture("context-change")
        client.press("Anuluj")
        expect(page).to_have_count(0)
        assert context() == (False, None)

        client.press("Zmień…")
        client.press("Zmień")
        expect(page).to_have_count(0)
        expect(form(client).get_by_label("Zapisuj poświadczenia per firma")).to_be_checked()
        assert context() == (True, ALFA)

        client.press("Zmień…")
        expect(row).to_contain_text("Zostaje dla bazy")
        client.settle()
        client.picture("context-back")
        client.press("Zmień")
        expect(page).to_have_count(0)
        expect(form(client).get_by_label("Zapisuj poświadczenia per firma")).not_to_be_checked()
    assert context() == (False, None)
    assert admin.model("mbank.configuration")(1).default_authorising_user.login == "jan"


@pytest.mark.usefixtures("no_sessions")
def test_the_context_is_changed_without_sessions(log_in: LogIn) -> None:
    """The dialog says that there is none, and shows no empty list."""
    with log_in("admin") as client:
        client.open_menu(*PARAMETERS, "mBank Autoryzacja")
        client.press("Zmień…")
        expect(dialog(client).locator("textarea:visible").first).to_have_value(re.compile("Nie ma sesji"))
        expect(dialog(client).locator(".form-one2many:visible")).to_have_count(0)
        client.settle()
        client.picture("context-without-sessions")
        client.press("Anuluj")
        expect(dialog(client)).to_have_count(0)


def test_the_audit_and_its_file(job: Job, log_in: LogIn, tmp_path: Path) -> None:
    """Who asked, who authorised and what came of it are seen at once; the file is one a Polish spreadsheet opens."""
    with log_in("admin") as client:
        client.open_menu("mBank", "Wywołania banku")
        expect(rows(client).first).to_be_visible()
        client.settle()
        expect(form(client).get_by_role("columnheader", name="Autoryzujący")).to_be_in_viewport(ratio=1)
        expect(form(client).get_by_role("columnheader", name="Wynik")).to_be_in_viewport(ratio=1)
        client.picture("audit")
        client.open_row()
        expect(form(client).get_by_label("Czas trwania (s)")).to_have_value(re.compile(r"^\d+,\d+$"))
        client.settle()
        client.picture("audit-call")
        client.open_menu("Wywołania banku")
        client.settle()
        search = form(client).get_by_placeholder("Szukaj")
        search.fill("getMT940Ex")
        search.press("Enter")
        client.settle()
        downloads = rows(client)
        expect(downloads.filter(has_text="Anna Nowak").filter(has_text="Jan Kowalski").first).to_be_visible()
        expect(downloads.filter(has_text="Zamówienie wyciągów")).to_have_count(downloads.count())
        client.open_menu("Eksportuj rejestr wywołań")
        expect(dialog(client).get_by_label("Od:", exact=True)).to_have_value(re.compile(r"^01\."))
        client.settle()
        client.press("Eksportuj")
        count = dialog(client).get_by_label("Wiersze").locator("visible=true")
        expect(count).to_have_value(re.compile(r"\d"))
        client.settle()
        client.picture("audit-export")
        given = int(count.input_value())
        with client.page.expect_download() as download:
            dialog(client).get_by_title(re.compile("Zapisz jako|Pobierz")).first.click()
        path = tmp_path / "calls.csv"
        download.value.save_as(path)
        assert re.fullmatch(r"mbank-\d{4}-\d\d-01-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
        close(client)
        client.open_menu("Eksporty rejestru wywołań")
        expect(rows(client).first).to_contain_text("Administrator")
        expect(rows(client).first).to_contain_text(str(given))
        expect(form(client).get_by_role("columnheader", name="Wiersze")).to_be_in_viewport(ratio=1)
        client.settle()
        client.picture("audit-exports")
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == given + 1
    table = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert len(table) == given
    asked = [row for row in table if row["Operacja"] == "getMT940Ex"]
    assert ("Anna Nowak", "Jan Kowalski") in {
        (row["Nazwa zlecającego"], row["Nazwa autoryzującego"]) for row in asked
    }
    assert all(re.fullmatch(r"\d+,\d{3}", row["Czas trwania"]) for row in asked)


def test_who_has_no_right_sees_no_audit(job: Job, log_in: LogIn) -> None:
    """Neither the calls, nor their export, nor the parameters are in the menu; the server refuses them too."""
    with log_in("anna") as client:
        client.open_menu("mBank", "Pobierz wyciągi")
        expect(dialog(client)).to_be_visible()
        labels = client.menu_labels()
        assert "Paczki zleceń" in labels
        assert not {"Wywołania banku", "Eksportuj rejestr wywołań", "Parametry pracy"} & set(labels)
    anna = job.person(firms.ALFA, "anna")
    with pytest.raises(xmlrpc.client.Fault, match="Nie masz"):
        anna.find("mbank.call")
    for wizard in ("mbank.call.export", "mbank.context.change", "mbank.server_key.register"):
        with pytest.raises(xmlrpc.client.Fault, match="Nie masz uprawnień"):
            anna.wizard(wizard)


@pytest.mark.usefixtures("keys_removed")
def test_a_file_as_key_on_the_server(job: Job, log_in: LogIn) -> None:
    """A wrong password says so and stores nothing; the right one is kept, and nobody reads it; users are named."""
    admin = job.person(firms.ALFA, "admin")
    with log_in("admin") as client:
        client.open_menu(*PARAMETERS, KEYS)
        client.settle()
        client.open_menu("Zarejestruj klucz")
        page = dialog(client)
        page.get_by_label("Rodzaj").select_option(label="PKCS#12 przechowywany tutaj")
        client.settle()
        page.locator("input[type=file]").set_input_files(job.identity)
        page.get_by_label("PIN lub hasło").fill("000000")
        client.settle()
        client.picture("key-file")
        client.press("Dalej")
        refused(client, "PIN lub hasło pliku z kluczem jest błędne", "key-file-wrong-pin")
        assert not admin.find("mbank.server_key")
        page.get_by_label("PIN lub hasło").fill(PIN)
        client.press("Dalej")
        expect(page).to_have_count(0)
        expect(form(client).get_by_label("Nazwa").first).to_have_value("Jan Kowalski")
        expect(form(client).get_by_label("Podpisuje bez udziału osoby")).to_be_checked()
        choose(client, form(client).locator(".form-many2many input:visible").first, "Jan")
        save(client)
        client.settle()
        client.picture("key-of-jan")
    [key] = admin.find("mbank.server_key")
    assert [user.login for user in key.users] == ["jan"]
    assert secrets_in_clear(job, PIN) == []


def choose_token(client: WebClient, pin: str) -> None:
    """Register the key of the one token there is."""
    client.open_menu(*PARAMETERS, KEYS)
    client.settle()
    client.open_menu("Zarejestruj klucz")
    page = dialog(client)
    expect(page.get_by_label("Moduł PKCS#11").locator("option:checked")).to_have_text("hsm")
    client.settle()
    client.press("Dalej")
    expect(page.get_by_label("Klucz").locator("option:checked")).to_contain_text("Anna Karta")
    client.settle()
    page.get_by_label("PIN:", exact=True).fill(pin)
    client.press("Zarejestruj")


@pytest.mark.usefixtures("keys_removed")
def test_a_token_as_key_on_the_server(job: Job, log_in: LogIn) -> None:
    """What is on the token is offered; a wrong PIN stores nothing; the key that is registered can be tested."""
    with log_in("admin") as client:
        choose_token(client, "000000")
        refused(client, "PIN jest błędny", "key-token-wrong-pin")
        assert not job.person(firms.ALFA, "admin").find("mbank.server_key")
        page = dialog(client)
        page.get_by_label("PIN:", exact=True).fill(TOKEN_PIN)
        client.picture("key-token")
        client.press("Zarejestruj")
        expect(page).to_have_count(0)
        expect(form(client).get_by_label("Nazwa").first).to_have_value("Anna Karta")
        expect(form(client).get_by_label("Podpisuje bez udziału osoby")).to_be_checked()
        client.settle()
        client.press("Sprawdź")
        expect(page.locator("textarea")).to_have_value(re.compile("Klucz „Anna Karta” działa"))
        client.settle()
        client.picture("key-tested")
        close(client)
    assert secrets_in_clear(job, TOKEN_PIN) == []


@pytest.mark.usefixtures("keys_removed")
def test_the_pin_of_a_key_is_changed_and_the_key_removed(job: Job, log_in: LogIn) -> None:
    """A wrong PIN changes nothing; one that is asked each time is not kept, and the test asks for it."""
    with log_in("admin") as client:
        choose_token(client, TOKEN_PIN)
        page = dialog(client)
        expect(page).to_have_count(0)
        client.settle()
        client.press("Ustaw PIN…")
        client.settle()
        page.get_by_label("PIN lub hasło").fill("000000")
        client.press("OK")
        refused(client, "PIN jest błędny", "key-pin-wrong")
        expect(form(client).get_by_label("Podpisuje bez udziału osoby")).to_be_checked()
        page.get_by_label("Źródło PIN-u").select_option(label="Podawany za każdym razem")
        expect(page.get_by_label("PIN lub hasło")).to_be_hidden()
        client.picture("key-pin")
        client.press("OK")
        expect(page).to_have_count(0)
        expect(form(client).get_by_label("Podpisuje bez udziału osoby")).not_to_be_checked()
        client.settle()
        client.press("Sprawdź")
        client.settle()
        page.get_by_label("PIN lub hasło").fill(TOKEN_PIN)
        page.get_by_label("PIN lub hasło").press("Enter")
        expect(page.locator("textarea")).to_have_value(re.compile("działa"))
        close(client)
        assert secrets_in_clear(job, TOKEN_PIN) == []

        client.page.keyboard.press("Control+l")
        expect(rows(client)).to_contain_text("Podawany za każdym razem")
        client.settle()
        client.picture("keys")
        rows(client).locator("input[type=checkbox]").first.check()
        client.page.keyboard.press("Control+d")
        client.page.locator(".modal-dialog:visible").get_by_role("button", name="OK", exact=True).click()
        expect(rows(client)).to_have_count(0)
    assert not job.person(firms.ALFA, "admin").find("mbank.server_key")


def secrets_in_clear(job: Job, secret: str) -> list[str]:
    """The tables of the database that hold a text in the clear."""
    with job.world.cluster.connect(firms.ALFA.database) as connection:
        return [
            table
            for table in ("mbank_server_key", "ir_session_wizard", "mbank_certificate")
            for row in connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608
            if secret in str(row)
            or any(secret.encode() in bytes(v) for v in row if isinstance(v, bytes | memoryview))
        ]


@pytest.mark.usefixtures("near_its_end")
def test_what_is_to_be_renewed(log_in: LogIn) -> None:
    """A session that ends within thirty days is under „Do odnowienia”, its end and its state in the window."""
    with log_in("admin") as client:
        client.open_menu("mBank", "Sesje długotrwałe")
        client.settle()
        client.choose_tab("Do odnowienia")
        expect(rows(client)).to_have_count(1)
        expect(rows(client)).to_contain_text("Jan Kowalski")
        expect(form(client).get_by_role("columnheader", name="Koniec")).to_be_in_viewport(ratio=1)
        client.settle()
        client.picture("sessions-to-renew")


def test_sharing_asks_for_the_user_and_the_head_office_there(log_in: LogIn) -> None:
    """„Udostępnij” offers the databases, then their users and head offices, and never a day after the session's end."""
    with log_in("jan") as client:
        client.page.locator("#mbank-session a").click()
        client.settle()
        client.choose_tab("Udostępnienia")
        shares = form(client).locator(".form-one2many:visible")
        expect(shares.locator("tbody tr")).to_contain_text(["Ewa Wiśniewska"])
        expect(shares.get_by_role("columnheader", name="Stan")).to_be_in_viewport(ratio=1)
        client.picture("session-shares")
        client.press("Udostępnij")
        page = dialog(client)
        expect(page.get_by_label("Baza docelowa").locator("option:checked")).to_contain_text("Beta")
        client.settle()
        client.picture("share-database")
        client.press("Dalej")
        expect(page.get_by_label("Centrala w bazie docelowej").locator("option:checked")).to_contain_text("20000001")
        expect(page.get_by_label("Użytkownik w bazie docelowej").locator("option")).to_contain_text(
            ["", "Ewa Wiśniewska"]
        )
        client.settle()
        client.picture("share-target")
        expect(page.get_by_role("button", name="Udostępnij")).to_be_visible()
        client.press("Anuluj")
        expect(page).to_have_count(0)
