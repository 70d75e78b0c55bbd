"""What is said of keys, certificates and PINs."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # Keys.
    "place_token": ("karta „{label}”", "card “{label}”"),
    "place_file": ("plik {name}", "file {name}"),
    "after_pin": ("(widoczny po podaniu PIN-u)", "(shown after the PIN)"),
    "after_password": ("(widoczny po podaniu hasła)", "(shown after the password)"),
    "unusable_not_yet_valid": (
        "certyfikat będzie ważny dopiero od {valid_from}",
        "the certificate is valid only from {valid_from}",
    ),
    "unusable_expired": ("certyfikat stracił ważność {valid_to}", "the certificate expired at {valid_to}"),
    "unusable_usage": (
        "certyfikat nie służy do składania wiążących podpisów (brak nonRepudiation)",
        "the certificate is not for binding signatures (no nonRepudiation)",
    ),
    "unusable_key_kind": (
        "klucz rodzaju {kind}; potrzebny jest RSA lub EC",
        "its key is of the kind {kind}, not RSA or EC",
    ),
    "not_the_chosen": ("w ERP wybrano inny certyfikat", "another certificate was chosen in the ERP"),
    "certificate_unusable": (
        "Certyfikatu „{name}” nie można użyć: {why}.",
        "The certificate “{name}” cannot be used: {why}.",
    ),
    "keys_none": (
        "Nie ma tu certyfikatu, którego można użyć.",
        "There is no certificate here that can be used.",
    ),
    "keys_shown": (
        "Karta pokazała kilka certyfikatów. Wybierz jeden i podaj PIN jeszcze raz.",
        "The card showed several certificates. Choose one and enter the PIN once more.",
    ),
    "keys_which": (
        "Pasuje kilka certyfikatów; wskaż jeden przez --identity (skrót SHA-256, który pokazuje list).",
        "Several certificates fit; name one with --identity (its SHA-256, as list shows it).",
    ),
    "token_unknown": ("Nie ma karty „{label}”.", "There is no card “{label}”."),
    "token_empty": (
        "karta „{label}”: nie pokazuje certyfikatów bez PIN-u (użyj --token „{label}”)",
        "card “{label}”: shows no certificates without its PIN (use --token “{label}”)",
    ),
    # PINs.
    "pin_low": (
        "Uwaga: przy tej karcie podano już błędny PIN. Zostało mniej prób niż zwykle.",
        "Beware: a wrong PIN was already entered for this card. Fewer tries are left than usual.",
    ),
    "pin_last": (
        "Uwaga: to ostatnia próba. Błędny PIN zablokuje kartę.",
        "Beware: this is the last try. A wrong PIN will lock the card.",
    ),
    "pin_must_change": (
        "Ten PIN trzeba najpierw zmienić w programie dostawcy karty.",
        "This PIN must first be changed with the vendor's program.",
    ),
    "pin_locked": (
        "PIN karty jest zablokowany. Odblokuj go w programie dostawcy karty (kodem PUK).",
        "The card's PIN is locked. Unlock it with the vendor's program (with the PUK).",
    ),
    "wrong_pin": ("PIN jest błędny. Nic nie zostało podpisane.", "The PIN is wrong. Nothing was signed."),
    "wrong_pin_low": (
        "PIN jest błędny. Nic nie zostało podpisane. Zostało mniej prób niż zwykle.",
        "The PIN is wrong. Nothing was signed. Fewer tries are left than usual.",
    ),
    "wrong_pin_last": (
        "PIN jest błędny. Nic nie zostało podpisane. Została ostatnia próba: kolejny błędny PIN zablokuje kartę.",
        "The PIN is wrong. Nothing was signed. One try is left: one more wrong PIN locks the card.",
    ),
    "wrong_password": (
        "Hasło pliku z kluczem jest błędne. Nic nie zostało podpisane.",
        "The password of the PKCS#12 file is wrong. Nothing was signed.",
    ),
    "declined_on_device": (
        "Podpis został odrzucony na czytniku lub przerwany. Nic nie zostało podpisane.",
        "The signature was declined on the device or called off. Nothing was signed.",
    ),
    "no_signature": ("Podpis nie powstał.", "The signature could not be made."),
    "failed": ("Nie udało się.", "It did not work."),
    "unexpected": (
        "Błąd programu podpisującego ({kind}). Nic więcej nie zostanie podpisane.",
        "A fault of the signing program ({kind}). Nothing more will be signed.",
    ),
    "no_pin": ("Nie podano PIN-u.", "no PIN was given"),
}
