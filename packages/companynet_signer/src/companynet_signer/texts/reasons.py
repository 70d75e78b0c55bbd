"""Why there is no signature: a text for each code of :class:`companynet.signing_reasons.ReasonCode` met here."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # The key and where it is.
    "reason_token_absent": (
        "Nie ma karty „{place}”. Sprawdź, czy jest w czytniku.",
        "There is no card “{place}”. Is it in the reader?",
    ),
    "reason_token_removed": (
        "Karta „{place}” została wyjęta przed złożeniem podpisu.",
        "The card “{place}” was removed before it signed.",
    ),
    "reason_token_in_use": (
        "Karta „{place}” jest zajęta przez inny podpis.",
        "The card “{place}” is in use by another signature.",
    ),
    "reason_token_logged_in": (
        "Karta „{place}” jest już używana w innej części tego programu.",
        "Another part of this program is using the card “{place}” already.",
    ),
    "reason_driver_not_loaded": (
        "Nie można załadować sterownika karty ({error}).",
        "The card's driver cannot be loaded ({error}).",
    ),
    "reason_driver_silent": (
        "Sterownik karty nie odpowiada.",
        "The card's driver does not answer.",
    ),
    "reason_driver_failed": (
        "Zawiódł sterownik karty ({error}).",
        "The card's driver failed ({error}).",
    ),
    "reason_key_absent": (
        "Na karcie „{place}” nie widać klucza do tego certyfikatu. Czy karta wymaga PIN-u?",
        "The card “{place}” shows no key for this certificate. Does it want a PIN?",
    ),
    "reason_keys_several": (
        "Do certyfikatu pasuje więcej niż jeden klucz na karcie „{place}” ({count}).",
        "More than one key on the card “{place}” fits the certificate ({count}).",
    ),
    "reason_file_absent": ("Nie ma pliku {file}.", "There is no file {file}."),
    "reason_file_unreadable": (
        "Nie można odczytać pliku {file} ({error}).",
        "The file {file} cannot be read ({error}).",
    ),
    "reason_pkcs12_damaged": (
        "Plik z kluczem jest uszkodzony albo nie jest plikiem PKCS#12.",
        "The file with the key is damaged or no PKCS#12.",
    ),
    "reason_pkcs12_encryption": (
        "Plik z kluczem jest zaszyfrowany w nieznany tu sposób. Wyeksportuj go ponownie z szyfrowaniem AES.",
        "The file with the key is encrypted in a way that is not known here. Export it again with AES.",
    ),
    "reason_pkcs12_no_key": (
        "W pliku nie ma klucza prywatnego razem z jego certyfikatem.",
        "The file has no private key with its certificate.",
    ),
    "reason_pkcs12_key_kind": (
        "W pliku jest klucz rodzaju {kind}; potrzebny jest RSA lub EC.",
        "The key in the file is of the kind {kind}, not RSA or EC.",
    ),
    "reason_pkcs12_certificate": (
        "Nie można odczytać certyfikatu z pliku z kluczem.",
        "The certificate in the file with the key cannot be read.",
    ),
    "reason_pkcs12_mismatch": (
        "Klucz i certyfikat w pliku nie należą do siebie.",
        "The key and the certificate in the file do not belong together.",
    ),
    # PINs and the person.
    "reason_pin_empty": (
        "PIN jest pusty. Karta nie została o nic zapytana.",
        "The PIN is empty. The card was not asked.",
    ),
    "reason_pin_locked_now": (
        "PIN jest błędny i został właśnie zablokowany. Odblokuj go w programie dostawcy karty (kodem PUK).",
        "The PIN is wrong, and is locked now. Unlock it with the vendor's program (with the PUK).",
    ),
    "reason_pin_not_set": (
        "PIN karty „{place}” trzeba najpierw ustawić w programie jej dostawcy.",
        "The PIN of the card “{place}” must first be set with the vendor's program.",
    ),
    "reason_pin_missing": (
        "Karta „{place}” wymaga PIN-u, a nie został podany.",
        "The card “{place}” wants a PIN, and none was given.",
    ),
    "reason_pin_at_each_signature": (
        "Karta „{place}” wymaga PIN-u przy każdym podpisie, i to z czytnika: złóż podpis w programie dostawcy karty.",
        "The card “{place}” wants its PIN at each signature, on the reader: sign with the vendor's program.",
    ),
    # Certificates.
    "reason_certificate_unreadable": (
        "Nie można odczytać certyfikatu.",
        "The certificate cannot be read.",
    ),
    "reason_certificate_not_yet_valid": (
        "Certyfikat „{certificate}” będzie ważny dopiero od {valid_from:%Y-%m-%d %H:%M} UTC.",
        "The certificate “{certificate}” is valid only from {valid_from:%Y-%m-%d %H:%M} UTC.",
    ),
    "reason_certificate_expired": (
        "Certyfikat „{certificate}” stracił ważność {valid_to:%Y-%m-%d %H:%M} UTC.",
        "The certificate “{certificate}” expired at {valid_to:%Y-%m-%d %H:%M} UTC.",
    ),
    "reason_certificate_usage": (
        "Certyfikat „{certificate}” nie służy do składania wiążących podpisów (brak nonRepudiation).",
        "The certificate “{certificate}” is not for binding signatures (no nonRepudiation).",
    ),
    "reason_certificate_key_kind": (
        "Klucz certyfikatu „{certificate}” jest rodzaju {kind}; potrzebny jest RSA lub EC.",
        "The key of the certificate “{certificate}” is of the kind {kind}, not RSA or EC.",
    ),
    "reason_certificate_not_qualified": (
        "Potrzebny jest certyfikat kwalifikowany, a certyfikat „{certificate}” nim nie jest.",
        "A qualified certificate is required, and the certificate “{certificate}” is none.",
    ),
    "reason_certificate_not_known": (
        "Potrzebny jest certyfikat kwalifikowany, a lista zaufania nic nie mówi o certyfikacie „{certificate}”.",
        "A qualified certificate is required, and the trust list does not tell of the certificate “{certificate}”.",
    ),
    "reason_certificate_revoked": (
        "Certyfikat „{certificate}” został unieważniony.",
        "The certificate “{certificate}” was revoked.",
    ),
}
