"""What a link needs to become a conversation: the settings, the server, the keys."""

from pathlib import Path

from companynet.clock import Clock
from companynet_signer.conversation import Conversation
from companynet_signer.keys import KeyRack
from companynet_signer.link import Link
from companynet_signer.origin import Origin
from companynet_signer.server import SigningServer
from companynet_signer.settings import SettingsStore


class Opening:
    """Makes conversations as the settings say.

    Args:
        store: of the settings.
        clock: for certificates and waiting.
    """

    def __init__(self, store: SettingsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def conversation(self, url: str) -> Conversation:
        """The conversation a link asks for; nobody is asked anything yet.

        Raises:
            LinkRefused: the link is not right.
            SettingsError: the settings cannot be read.
        """
        settings = self._store.load()
        link = Link.parse(url)
        roots = Path(settings.tls_roots) if settings.tls_roots else None
        server = SigningServer(link, self._clock, roots)
        return Conversation(link, server, KeyRack.of(settings, self._clock), self._clock)

    def allows(self, server: Origin) -> bool:
        """Whether a server may ask for signatures without the person being asked about it.

        Raises:
            SettingsError: the settings cannot be read.
        """
        return self._store.load().allows(server)

    def allow(self, server: Origin) -> None:
        """Put a server on the list.

        Raises:
            SettingsError: the settings cannot be written.
        """
        self._store.change(lambda settings: settings.with_server(server))
