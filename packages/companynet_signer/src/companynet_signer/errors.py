"""What goes wrong between the signer, the person and the server of the ERP.

::

    SignerError
    ├── LinkRefused         the link is not right; nobody was asked
    ├── SettingsError       the settings cannot be read or written
    ├── SchemeError         the scheme of the links cannot be registered
    ├── NoKey               the key that was asked for is not there, or not the one chosen in the ERP
    ├── ManyKeys            after its PIN a token shows no certificate that fits, or several: one must be chosen
    ├── ServerUnreachable   no connection: nothing was sent
    ├── AnswerLost          sent, and no whole answer came: what the server did is known in the ERP only
    ├── AnswerRefused       the answer breaks the protocol
    ├── ServerRefused       the server said no
    └── JobChanged          the second round's content is another than the one shown

What goes wrong with the key itself is a :class:`companynet.errors.SigningError`. No text here holds a code, a
ticket or a PIN.
"""

from companynet_signer.language import ENGLISH, Sentence, say, sentence


class SignerError(Exception):
    """The root. It says itself in the person's language by its sentence.

    Args:
        key: of the table of texts.
        values: for the places in the text.
    """

    def __init__(self, key: str, **values: object) -> None:
        self.sentence: Sentence = sentence(key, **values)
        super().__init__(say(self.sentence, ENGLISH))


class LinkRefused(SignerError):
    """The link that started the signer is not right. Nobody was asked."""


class SettingsError(SignerError):
    """The settings cannot be read or written."""


class SchemeError(SignerError):
    """The scheme of the links cannot be registered or taken back."""


class NoKey(SignerError):
    """The key that was asked for is not there, or is not the one chosen in the ERP. Nothing was signed."""


class ManyKeys(SignerError):
    """A token shows no certificate that fits after its PIN, or more than one. Nothing was signed."""


class ServerUnreachable(SignerError):
    """No connection to the server was made; nothing was sent."""


class AnswerLost(SignerError):
    """The message left and no whole answer came. What the server did of it can be seen in the ERP only."""


class AnswerRefused(SignerError):
    """The server's answer breaks the protocol and was not used."""


class ServerRefused(SignerError):
    """The server said no, with its own sentence in both languages.

    Args:
        key: of the table of texts.
        goes_on: the job waits still, for another signature.
        values: for the places in the text.
    """

    def __init__(self, key: str, *, goes_on: bool, **values: object) -> None:
        super().__init__(key, **values)
        self.goes_on = goes_on


class JobChanged(SignerError):
    """What the server wants signed is no longer what the person was shown."""
