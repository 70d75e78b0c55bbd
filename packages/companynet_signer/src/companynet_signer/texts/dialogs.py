"""The window, the terminal and the command line."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # The window and the terminal.
    "server_heading": ("Nowy serwer prosi o podpis", "A new server asks for a signature"),
    "server_question": (
        (
            "O podpis prosi serwer, którego nie ma na liście dozwolonych:\n\n{server}\n\nZaufaj mu tylko wtedy, "
            "gdy to adres Twojego programu ERP i to Ty rozpoczynasz tam podpisywanie. Bez Twojej zgody program się "
            "z nim nie połączy."
        ),
        (
            "A server that is not on the list of allowed ones asks for a signature:\n\n{server}\n\nTrust it only "
            "if this is the address of your ERP and you began signing there yourself. Without your consent the "
            "program does not connect to it."
        ),
    ),
    "button_trust": ("Ufam temu serwerowi", "I trust this server"),
    "button_decline": ("Odrzuć", "Decline"),
    "button_next": ("Dalej", "Next"),
    "button_sign": ("Podpisz", "Sign"),
    "button_again": ("Spróbuj ponownie", "Try again"),
    "button_close": ("Zamknij", "Close"),
    "button_copy": ("Kopiuj", "Copy"),
    "button_file": ("Plik z kluczem…", "File with a key…"),
    "button_refresh": ("Odśwież", "Refresh"),
    "button_language": ("English", "Polski"),
    "fetching_heading": ("Łączenie z serwerem", "Asking the server"),
    "signing_heading": ("Podpisywanie", "Signing"),
    "fetching": ("Pobieranie danych z serwera…", "Asking the server…"),
    "signing": (
        "Podpisywanie i tworzenie sesji w banku…\nNie wyjmuj karty.",
        "Signing and making the session at the bank…\nLeave the card in the reader.",
    ),
    "signing_pad": (
        "Podpisywanie i tworzenie sesji w banku…\nPodaj PIN na czytniku, nie wyjmuj karty.",
        "Signing and making the session at the bank…\nEnter the PIN on the reader, leave the card in it.",
    ),
    "leaving": (
        "Przerywanie… Jeśli podpis został już wysłany, zobaczysz wynik.",
        "Stopping… If the signature has left already you will see how it ends.",
    ),
    "keys_heading": ("Wybierz certyfikat i podpisz", "Choose a certificate and sign"),
    "keys_looking": ("Szukanie kart i certyfikatów…", "Looking for cards and certificates…"),
    "keys_empty": (
        (
            "Nie znaleziono certyfikatu.\n• Czy karta jest w czytniku, a czytnik podłączony? Włóż ją i naciśnij "
            "„Odśwież”.\n• Czy program dostawcy karty (albo SimplySign) jest zainstalowany i uruchomiony? Jeśli "
            "leży w nietypowym miejscu, wskaż jego bibliotekę: companynet-signer settings --add-module ŚCIEŻKA\n• "
            "Czy klucz jest w pliku .p12 lub .pfx? Wskaż go przyciskiem „Plik z kluczem…”."
        ),
        (
            "No certificate was found.\n• Is the card in the reader, and the reader plugged in? Put it in and "
            "press “Refresh”.\n• Is the card vendor's program (or SimplySign) installed and running? If it lies in "
            "an unusual place, name its library: companynet-signer settings --add-module PATH\n• Is the key in a "
            ".p12 or .pfx file? Choose it with “File with a key…”."
        ),
    ),
    "keys_problem": ("{where}: {why}", "{where}: {why}"),
    "column_name": ("Certyfikat", "Certificate"),
    "column_valid": ("Ważny do", "Valid until"),
    "column_issuer": ("Wystawca", "Issuer"),
    "column_place": ("Gdzie", "Where"),
    "blocked_because": ("Nie można użyć: {why}.", "Cannot be used: {why}."),
    "ask_wait": ("Sprawdzanie karty…", "Asking the card…"),
    "ask_pin": ("PIN karty", "PIN of the card"),
    "ask_password": ("Hasło pliku", "Password of the file"),
    "ask_pad": ("PIN podasz na czytniku po naciśnięciu „Podpisz”.", "Enter the PIN on the reader after “Sign”."),
    "ask_none": ("Ten klucz nie wymaga tu PIN-u.", "This key asks for no PIN here."),
    "file_dialog": ("Wybierz plik z kluczem", "Choose the file with the key"),
    "file_kinds": ("Pliki z kluczem", "Files with keys"),
    "file_all": ("Wszystkie pliki", "All files"),
    "no_screen": (
        (
            "Nie można otworzyć okna (brak ekranu albo biblioteki Tk). Uruchom w terminalu: companynet-signer open "
            "--terminal ŁĄCZE"
        ),
        (
            "No window can be opened (there is no screen, or no Tk). Run in a terminal: companynet-signer open "
            "--terminal LINK"
        ),
    ),
    "terminal_trust": ("Czy ufasz temu serwerowi? [t/N] ", "Do you trust this server? [y/N] "),
    "terminal_accept": ("Czy chcesz to podpisać? [t/N] ", "Do you want to sign this? [y/N] "),
    "terminal_choose": (
        "Numer certyfikatu, ścieżka pliku z kluczem, r – odśwież, q – odrzuć: ",
        "Number of a certificate, path of a file with a key, r – refresh, q – decline: ",
    ),
    "terminal_again": ("Spróbować ponownie? [t/N] ", "Try again? [y/N] "),
    "terminal_pin": ("{question}: ", "{question}: "),
    "terminal_yes": ("t tak", "y yes"),
    # The command line.
    "pin_of": ("PIN {name}: ", "PIN of {name}: "),
    "pin_file_open": (
        "{path}: PIN mogą odczytać inne osoby; odbierz im to prawo (chmod 600)",
        "{path}: others may read the PIN; make the file owner-only (chmod 600)",
    ),
    "pin_file_unread": ("{path}: nie można odczytać PIN-u ({why})", "{path}: the PIN cannot be read ({why})"),
    "source_no_text": (
        "{path}: to nie jest tekst w UTF-8; plik innego rodzaju podpisz przez --bytes",
        "{path}: this is no UTF-8 text; sign a file of another kind with --bytes",
    ),
    "source_unread": ("{path}: {why}", "{path}: {why}"),
    "nothing_found": (
        "Nie znaleziono żadnego modułu PKCS#11 ani pliku z kluczem; podaj --pkcs11 MODUŁ albo --pkcs12 PLIK.",
        "No PKCS#11 module and no file with a key was found; give --pkcs11 MODULE or --pkcs12 FILE.",
    ),
    "nothing_listed": ("Nie znaleziono certyfikatu.", "No certificate was found."),
    "signed_by": ("{path}: podpisano przez: {name}", "{path}: signed by {name}"),
    "list_subject": ("osoba", "subject"),
    "list_issuer": ("wystawca", "issuer"),
    "sha256": ("sha256", "sha256"),
    "list_serial": ("numer", "serial"),
    "list_valid": ("ważność", "valid"),
    "list_period": ("{valid_from} – {valid_to} UTC", "{valid_from} to {valid_to} UTC"),
    "list_key": ("klucz", "key"),
    "list_qualified": ("kwalifik.", "qualified"),
    "list_where": ("gdzie", "where"),
    "list_usable": ("używalny", "usable"),
    "qualified_yes": ("tak, według niego samego", "yes, by its own word"),
    "qualified_device": (
        "tak, według niego samego, na kwalifikowanym urządzeniu",
        "yes, by its own word, on a qualified device",
    ),
    "qualified_no": ("nie", "no"),
    "qualified_unknown": ("nie można stwierdzić", "cannot be told"),
    "yes": ("tak", "yes"),
    "no_because": ("nie: {why}", "no: {why}"),
    "settings_file": ("plik ustawień", "settings file"),
    "settings_language": ("język", "language"),
    "settings_modules": ("moduły PKCS#11", "PKCS#11 modules"),
    "settings_known": ("znalezione moduły", "modules found"),
    "settings_files": ("pliki z kluczami", "files with keys"),
    "settings_servers": ("dozwolone serwery", "servers allowed"),
    "settings_roots": ("certyfikaty TLS", "TLS roots"),
    "of_system": ("jak w systemie", "the system's"),
    "usual_roots": ("zwykłe", "the usual ones"),
    "none": ("brak", "none"),
}
