"""What is shown before signing, and how it ended."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # What is shown before signing.
    "title": ("Podpis dla mBanku", "Signature for mBank"),
    "job_heading": ("Zgoda na sesję długotrwałą", "Consent to a long-lived session"),
    "job_meaning": (
        (
            "Podpisując, pozwalasz serwerowi {server} łączyć się z bankiem w imieniu użytkownika {bank_user} bez "
            "kolejnych podpisów, do {end}, w zakresie opisanym niżej."
        ),
        (
            "By signing you allow the server {server} to work with the bank for the user {bank_user} without further "
            "signatures, until {end}, as described below."
        ),
    ),
    "row_bank": ("Bank", "Bank"),
    "row_endpoint": ("Adres usługi banku", "Address of the bank's service"),
    "row_bank_user": ("Użytkownik w mBanku", "Bank user"),
    "row_diks": ("Numery DIK i centrale", "DIK numbers and head offices"),
    "row_operations": ("Do czego służy sesja", "What the session is for"),
    "row_end": ("Koniec sesji", "End of the session"),
    "row_requested_by": ("Zlecający", "Requester"),
    "row_server": ("Serwer", "Server"),
    "row_database": ("Baza", "Database"),
    "row_certificate": ("Certyfikat", "Certificate"),
    "row_expires": ("Podpisz do", "Sign until"),
    "row_text": ("Tekst banku do podpisania (logowanie)", "The bank's text to sign (login)"),
    "row_second": ("Drugi tekst banku", "The bank's second text"),
    "second_meaning": (
        (
            "Bank poda go po zalogowaniu. Zostanie podpisany za tym samym razem, tylko jeśli powyższe się nie "
            "zmieni; "
            "zobaczysz go na końcu."
        ),
        (
            "The bank gives it after the login. It is signed in the same go, only if nothing of the above "
            "changed; you "
            "will see it at the end."
        ),
    ),
    "endpoint_production": ("{endpoint}\n(usługa mBanku)", "{endpoint}\n(mBank's service)"),
    "endpoint_test": ("{endpoint}\n(usługa testowa mBanku)", "{endpoint}\n(mBank's test service)"),
    "endpoint_other": (
        "{endpoint}\n(adres nieznany temu programowi)",
        "{endpoint}\n(an address this program does not know)",
    ),
    "dik": ("{dik} – {head_office}", "{dik} – {head_office}"),
    "dik_alone": ("{dik}", "{dik}"),
    "certificate_any": ("dowolny zarejestrowany w banku", "any that is registered with the bank"),
    "certificate_one": ("wybrany w ERP (SHA-256: {sha256})", "the one chosen in the ERP (SHA-256: {sha256})"),
    # What a session is for; where a kind is asked for in part, the operations of it.  # L-001
    "kind_statements": (
        "wyciągi: zamawianie, odbieranie i potwierdzanie odbioru",
        "statements: ordering, receiving and confirming that they were received",
    ),
    "kind_payments": (
        "płatności: wysyłanie zleceń płatniczych i sprawdzanie, co się z nimi dzieje",
        "payments: sending payment orders and asking what becomes of them",
    ),
    "part_statements": ("wyciągi, tylko w części: {parts}", "statements, only in part: {parts}"),
    "part_payments": ("płatności, tylko w części: {parts}", "payments, only in part: {parts}"),
    "operation_getMT940Ex": ("zamawianie wyciągów", "ordering statements"),
    "operation_checkGetMT940Result": ("odbieranie wyciągów", "receiving statements"),
    "operation_confirmResponseReceived": ("potwierdzanie odbioru wyciągów", "confirming that they were received"),
    "operation_universalPaymentSend": ("wysyłanie zleceń płatniczych", "sending payment orders"),
    "operation_checkPaymentSendResult": (
        "sprawdzanie, czy zlecenia zostały przyjęte",
        "asking whether orders were taken",
    ),
    "operation_getStatus": ("sprawdzanie statusu zleceń", "asking for the states of orders"),
    "operation_unknown": (
        "{name} (operacja nieznana temu programowi)",
        "{name} (an operation this program does not know)",
    ),
    # How it ended.
    "granted_heading": ("Sesja długotrwała powstała", "The long-lived session was made"),
    "granted_end": ("Ważna do", "Valid until"),
    "granted_diks": ("Obejmuje numery DIK", "Covers the DIK numbers"),
    "granted_difference": ("Różnice", "Differences"),
    "difference_none": ("brak: bank przyznał wszystko", "none: the bank granted all"),
    "difference_end": (
        "koniec sesji jest inny niż proszono ({asked})",
        "the session ends at another time than asked for ({asked})",
    ),
    "difference_diks": ("nie przyznano DIK: {diks}", "DIKs not granted: {diks}"),
    "granted_text_1": ("Podpisany tekst banku (logowanie)", "The bank's text that was signed (login)"),
    "granted_text_2": ("Podpisany tekst banku (sesja)", "The bank's text that was signed (session)"),
    "failed_heading": ("Sesja nie powstała", "No session was made"),
    "refused_heading": ("Serwer nie potwierdził utworzenia sesji", "The server confirmed no session"),
    "unknown_heading": ("Wynik nieznany", "The outcome is unknown"),
    "detail": ("Szczegóły dla pomocy technicznej: {detail}", "Details for technical help: {detail}"),
}
