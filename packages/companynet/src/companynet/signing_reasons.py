"""Why there is no signature, for programs: the codes of :class:`companynet.errors.SigningError`.

A caller that speaks another language than English picks its sentence by the code and fills in the parameters. Codes
are stable: one may be added, none changes its meaning or its parameters.
"""

import enum


class ReasonCode(enum.Enum):
    """The reason, with the names of its parameters.

    A ``place`` is the label of a token or the path of its module, ``certificate`` the name of the person in it,
    ``error`` the kind of the driver's or the system's error, ``tries_left`` a
    :class:`~companynet.errors.TriesLeft` or None where nothing tells. Moments are in UTC.
    """

    parameters: tuple[str, ...]
    """Names of what belongs to the reason."""

    def __new__(cls, code: str, *parameters: str) -> "ReasonCode":
        member = object.__new__(cls)
        member._value_ = code
        member.parameters = parameters
        return member

    @property
    def no_signature(self) -> bool:
        """Whether what was received is no signature at all, but a file of another kind."""
        return self.name.startswith("NO_SIGNATURE_")

    # The key and where it is.

    TOKEN_ABSENT = "token_absent", "place"
    """There is no such token; the card is not in the reader."""

    TOKEN_REMOVED = "token_removed", "place"
    """The token was there and was removed before it signed."""

    TOKEN_IN_USE = "token_in_use", "place"
    """Another signature keeps the token."""

    TOKEN_LOGGED_IN = "token_logged_in", "place"
    """Another part of the program is logged in to the token."""

    TOKEN_NOT_UNLOCKED = "token_not_unlocked", "place"
    """It was to sign without being unlocked before, or more often than it was unlocked for."""

    DRIVER_NOT_LOADED = "driver_not_loaded", "place", "error"
    """The module of the token cannot be loaded."""

    DRIVER_SILENT = "driver_silent", "place"
    """The module does not answer in time."""

    DRIVER_FAILED = "driver_failed", "place", "error"
    """The module failed for a reason without a code of its own."""

    KEY_ABSENT = "key_absent", "place"
    """The token shows no key for the certificate; it may want a PIN first."""

    KEYS_SEVERAL = "keys_several", "place", "count"
    """Several keys on the token fit the certificate."""

    KEY_DIGEST = "key_digest", "digest"
    """The key does not sign with that digest."""

    FILE_ABSENT = "file_absent", "file"
    """There is no such file."""

    FILE_UNREADABLE = "file_unreadable", "file", "error"
    """The file cannot be read."""

    PKCS12_DAMAGED = "pkcs12_damaged"
    """The file is damaged or no PKCS#12."""

    PKCS12_ENCRYPTION = "pkcs12_encryption"
    """It is encrypted in a way that is not known here; exported again with AES it will do."""

    PKCS12_NO_KEY = "pkcs12_no_key"
    """It has no private key with its certificate."""

    PKCS12_KEY_KIND = "pkcs12_key_kind", "kind"
    """Its key is neither RSA nor EC."""

    PKCS12_CERTIFICATE = "pkcs12_certificate"
    """Its certificate cannot be read."""

    PKCS12_MISMATCH = "pkcs12_mismatch"
    """Its key and its certificate do not belong together."""

    # PIN, password, and the person.

    PIN_WRONG = "pin_wrong", "place", "tries_left"
    """The PIN is wrong."""

    PIN_EMPTY = "pin_empty", "place", "tries_left"
    """The PIN is empty; the token was not asked."""

    PIN_LOCKED = "pin_locked", "place"
    """The PIN is locked."""

    PIN_LOCKED_NOW = "pin_locked_now", "place"
    """The PIN is wrong, and is locked now."""

    PIN_NOT_SET = "pin_not_set", "place"
    """The PIN must first be set with the vendor's program."""

    PIN_MISSING = "pin_missing", "place"
    """The token wants a PIN, and none was given."""

    PIN_AT_EACH_SIGNATURE = "pin_at_each_signature", "place"
    """The key asks for its PIN at each signature, and it is typed on the reader or not at all: not possible here."""

    PASSWORD_WRONG = "password_wrong", "tries_left"
    """The password of the PKCS#12 file is wrong, or its encrypted part is damaged; ``tries_left`` is None."""

    DECLINED = "declined"
    """The person said no."""

    DECLINED_ON_DEVICE = "declined_on_device", "place"
    """The person said no on the device."""

    # The certificate.

    CERTIFICATE_UNREADABLE = "certificate_unreadable"
    """It cannot be read as a certificate."""

    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid", "certificate", "valid_from"
    """Its time has not begun."""

    CERTIFICATE_EXPIRED = "certificate_expired", "certificate", "valid_to"
    """Its time is over."""

    CERTIFICATE_USAGE = "certificate_usage", "certificate"
    """It is not for signatures that bind: it has no nonRepudiation."""

    CERTIFICATE_KEY_KIND = "certificate_key_kind", "certificate", "kind"
    """Its key is neither RSA nor EC."""

    CERTIFICATE_NOT_QUALIFIED = "certificate_not_qualified", "certificate"
    """A qualified one is required; by its own word or by the trust list it is none."""

    CERTIFICATE_NOT_KNOWN = "certificate_not_known", "certificate"
    """A qualified one by the trust list is required, and the list does not tell."""

    CERTIFICATE_REVOKED = "certificate_revoked", "certificate", "revoked_at"
    """Its issuer took it back."""

    # A signature made elsewhere: the file is something else.

    NO_SIGNATURE_SIZE = "no_signature_size", "size", "limit"
    """The file has more bytes than any signature of a session."""

    NO_SIGNATURE_EMPTY = "no_signature_empty"
    """The file is empty."""

    NO_SIGNATURE_PDF = "no_signature_pdf"
    """It is a PDF; a signature in it is PAdES."""

    NO_SIGNATURE_XML = "no_signature_xml"
    """It is an XML file; a signature in it is XAdES."""

    NO_SIGNATURE_MAIL = "no_signature_mail"
    """It is an e-mail message (S/MIME)."""

    NO_SIGNATURE_PRIVATE_KEY = "no_signature_private_key"
    """It is a private key, or a file with one, which must be given to nobody."""

    NO_SIGNATURE_ZIP = "no_signature_zip"
    """It is a ZIP archive."""

    NO_SIGNATURE_ZIP_DAMAGED = "no_signature_zip_damaged"
    """It is a damaged ZIP archive."""

    NO_SIGNATURE_CONTAINER = "no_signature_container"
    """It is a signature container (ASiC)."""

    NO_SIGNATURE_PEM = "no_signature_pem", "kind"
    """It is a PEM file of another kind."""

    NO_SIGNATURE_SEVERAL = "no_signature_several"
    """The PEM file holds several things."""

    NO_SIGNATURE_CERTIFICATE = "no_signature_certificate"
    """It is a certificate."""

    NO_SIGNATURE_CERTIFICATES_ALONE = "no_signature_certificates_alone"
    """It is CMS with certificates and without a signature."""

    NO_SIGNATURE_OTHER_CMS = "no_signature_other_cms", "kind"
    """It is CMS of another kind."""

    NO_SIGNATURE_UNKNOWN = "no_signature_unknown"
    """It is nothing that is known here."""

    # A signature that is not right.

    SIGNATURE_NOT_MADE = "signature_not_made", "certificate", "error"
    """The key signed, and no CMS came of it."""

    SIGNATURE_UNREADABLE = "signature_unreadable"
    """It cannot be read as CMS."""

    SIGNATURE_KIND = "signature_kind", "kind"
    """It is CMS of another kind, or of another content."""

    SIGNATURE_NOT_DETACHED = "signature_not_detached"
    """It carries its content."""

    SIGNATURE_SIGNERS = "signature_signers", "count"
    """It has no signer or several in place of one."""

    SIGNATURE_DIGEST = "signature_digest", "digest", "wanted"
    """It was made with another digest than the bank wants."""

    SIGNATURE_ATTRIBUTES = "signature_attributes"
    """It has no signed attributes."""

    SIGNATURE_NO_CERTIFICATE = "signature_no_certificate"
    """The signer's certificate is not in it."""

    SIGNATURE_OTHER_CERTIFICATE = "signature_other_certificate"
    """It is by another certificate than it must be."""

    SIGNATURE_BROKEN = "signature_broken"
    """It does not fit its certificate."""

    SIGNATURE_OTHER_TEXT = "signature_other_text"
    """It was made over another text than the bank's."""

    SIGNATURE_TEXT_DIFFERS = "signature_text_differs", "character", "length"
    """The text it carries is the bank's up to that character (counted from 1) of so many."""

    SIGNATURE_TEXT_SAVED = "signature_text_saved", "encoding", "mark", "change", "wanted"
    """It is over the bank's text in another encoding, with a byte-order mark (``mark``), or with other line ends
    (``change``, English words, empty for none); ``wanted`` is the encoding of the profile."""
