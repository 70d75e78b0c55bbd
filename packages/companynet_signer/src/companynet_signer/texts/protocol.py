"""What the link, the server and the settings may say."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "plain": ("{text}", "{text}"),
    "in_both": ("{pl}", "{en}"),
    # The link and its server.
    "link_wrong": (
        "To nie jest poprawne łącze programu podpisującego. Rozpocznij podpisywanie w ERP jeszcze raz.",
        "This is not a right link of the signing program. Begin signing in the ERP once more.",
    ),
    "link_version": (
        "Łącze jest z innej wersji programu. Zaktualizuj program podpisujący albo wtyczkę w ERP.",
        "The link is of another version. Update the signing program or the plugin in the ERP.",
    ),
    "link_parameters": (
        "Łącze ma nieznane, brakujące lub powtórzone parametry i zostało odrzucone.",
        "The link has unknown, missing or repeated parameters and was refused.",
    ),
    "link_code": (
        "Kod w łączu ma niewłaściwą postać. Rozpocznij podpisywanie w ERP jeszcze raz.",
        "The code in the link is not of the right form. Begin signing in the ERP once more.",
    ),
    "link_database": (
        "Nazwa bazy w łączu jest niepoprawna. Łącze zostało odrzucone.",
        "The name of the database in the link is not right. The link was refused.",
    ),
    "server_wrong": (
        "Adres serwera jest niepoprawny: potrzebny jest sam adres, na przykład https://erp.example.",
        "The address of the server is not right: the bare address is needed, such as https://erp.example.",
    ),
    "server_plain": (
        "Serwer {host} używa połączenia bez szyfrowania (http). Dozwolone jest tylko https.",
        "The server {host} uses a connection without encryption (http). Only https is allowed.",
    ),
    "server_letters": (
        "{origin} (w zapisie narodowym: {letters} – uwaga, taki zapis może naśladować inną nazwę)",
        "{origin} (in national letters: {letters} – beware, such letters may imitate another name)",
    ),
    "server_unreachable": (
        "Nie można połączyć się z serwerem {server} ({why}). Nic nie zostało wysłane.",
        "No connection to the server {server} ({why}). Nothing was sent.",
    ),
    "server_untrusted": (
        "Certyfikat serwera {server} nie jest zaufany ({why}). Nic nie zostało wysłane.",
        "The certificate of the server {server} is not trusted ({why}). Nothing was sent.",
    ),
    "server_says": ("Serwer odmówił: {words}", "The server said no: {words}"),
    "server_status": (
        "Serwer odpowiedział błędem {status} bez wyjaśnienia.",
        "The server answered with error {status} and no explanation.",
    ),
    "redirect": (
        "Serwer próbował przekierować program pod inny adres. Przekierowania są odrzucane.",
        "The server tried to send the program to another address. Redirects are refused.",
    ),
    "answer_long": (
        "Odpowiedź serwera jest za duża i została odrzucona.",
        "The server's answer is too large and was refused.",
    ),
    "answer_lost": (
        "Odpowiedź serwera nie nadeszła w całości. Wynik sprawdź w ERP.",
        "The server's answer did not come whole. Look up the outcome in the ERP.",
    ),
    "answer_version": (
        "Serwer używa innej wersji protokołu. Zaktualizuj program podpisujący albo wtyczkę w ERP.",
        "The server uses another version of the protocol. Update the signing program or the plugin in the ERP.",
    ),
    "answer_wrong": (
        "Odpowiedź serwera jest niepoprawna (pole {where}) i została odrzucona.",
        "The server's answer is not right (field {where}) and was refused.",
    ),
    "not_json": (
        "Odpowiedź serwera jest nieczytelna i została odrzucona.",
        "The server's answer cannot be read and was refused.",
    ),
    "not_text": (
        "To, co serwer przysłał do podpisu, nie jest czytelnym tekstem. Podpis został odrzucony.",
        "What the server sent to be signed is not a text that can be read. It was not signed.",
    ),
    "purpose_unknown": (
        "Serwer prosi o podpis innego rodzaju niż sesja długotrwała. Podpis został odrzucony.",
        "The server asks for a signature of another kind than a long-lived session. It was not signed.",
    ),
    "job_changed": (
        (
            "Serwer zmienił to, co ma zostać podpisane, po pokazaniu tego Tobie. Podpisywanie przerwano, "
            "sesja nie powstała. Powiadom administratora."
        ),
        (
            "The server changed what is to be signed after you were shown it. Signing was stopped and no session was "
            "made. Tell the administrator."
        ),
    ),
    "perhaps_made": (
        "{why}\nPodpis został wysłany, więc sesja mogła powstać. Sprawdź to w ERP, zanim zaczniesz od nowa.",
        "{why}\nThe signature was sent, so the session may exist. Look it up in the ERP before you begin anew.",
    ),
    # Settings and registration.
    "settings_open": (
        "Plik ustawień {path} mogą zmieniać inne osoby. Odbierz im to prawo (chmod 600).",
        "Others may change the settings file {path}. Make it yours alone (chmod 600).",
    ),
    "settings_unread": (
        "Nie można odczytać pliku ustawień {path} ({why}).",
        "The settings file {path} cannot be read ({why}).",
    ),
    "settings_damaged": (
        "Plik ustawień {path} jest uszkodzony. Popraw go albo usuń.",
        "The settings file {path} is damaged. Mend it or remove it.",
    ),
    "settings_unwritten": (
        "Nie można zapisać pliku ustawień {path} ({why}).",
        "The settings file {path} cannot be written ({why}).",
    ),
    "settings_no_file": ("Nie ma pliku {path}.", "There is no file {path}."),
    "settings_not_there": ("Nie ma tego w ustawieniach: {what}", "This is not in the settings: {what}"),
    "scheme_system": (
        "Na tym systemie łącza mbanksign trzeba zarejestrować ręcznie; sposób opisuje README programu.",
        "On this system links of mbanksign are registered by hand; the program's README says how.",
    ),
    "scheme_tool": (
        "Nie ma programu xdg-mime (pakiet xdg-utils), bez którego łączy nie można zarejestrować.",
        "The program xdg-mime (package xdg-utils) is missing; links cannot be registered without it.",
    ),
    "scheme_failed": (
        "Nie udało się zarejestrować łączy mbanksign ({why}).",
        "Links of mbanksign could not be registered ({why}).",
    ),
    "scheme_registered": (
        "Łącza mbanksign otwiera teraz ten program ({where}).",
        "Links of mbanksign are now opened by this program ({where}).",
    ),
    "scheme_unregistered": (
        "Łącza mbanksign nie są już otwierane przez ten program.",
        "Links of mbanksign are no longer opened by this program.",
    ),
}
