"""One person at the ERP: logged in over HTTP like any client, with that person's rights."""

import base64
import xmlrpc.client
from typing import Any

from proteus import Model, Wizard
from proteus import config as proteus_config


class _PersonConfig(proteus_config.XmlrpcConfig):  # type: ignore[misc]
    """A connection of one person. Proteus takes two of the same address for one; here they differ in rights."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Person:
    """A logged-in user of one database."""

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        """Log in.

        Raises:
            xmlrpc.client.Error: the server refused; its words are in the text.
        """
        address = f"{url}/{database}/rpc/"
        server = xmlrpc.client.ServerProxy(address, allow_none=True, use_builtin_types=True)
        answer: Any = server.common.db.login(login, {"password": password})
        user_id, session = answer[:2]
        token = base64.b64encode(f"{login}:{user_id}:{session}".encode()).decode()
        self.authorization = f"Session {token}"
        headers = [("Authorization", self.authorization)]
        self.address = address
        self.login = login
        self.config: Any = _PersonConfig(address, headers=headers)
        self.config.set_context(language="pl")

    def __repr__(self) -> str:
        return f"<Person {self.login}>"

    def model(self, name: str) -> Any:
        """A model, used with this person's rights."""
        return Model.get(name, config=self.config)

    def find(self, name: str, *domain: Any, **options: Any) -> list[Any]:
        """The records of a model in a domain."""
        return list(self.model(name).find(list(domain), **options))

    def one(self, name: str, *domain: Any) -> Any:
        """The one record of a model in a domain."""
        found = self.find(name, *domain)
        if len(found) != 1:
            raise LookupError(f"{len(found)} records of {name} in {domain!r}, not one")
        return found[0]

    def wizard(self, name: str, records: list[Any] | None = None) -> Any:
        """Begin a wizard."""
        return Wizard(name, records or [], config=self.config)

    def in_company(self, name: str) -> Any:
        """Work for the head office of that name."""
        company = self.one("company.company", ("party.name", "=", name))
        self.config.set_context(company=company.id)
        return company

    def xml_id(self, name: str) -> int:
        """The record that a module made under this name."""
        module, identifier = name.split(".")
        return int(self.model("ir.model.data").get_id(module, identifier, self.config.context))
