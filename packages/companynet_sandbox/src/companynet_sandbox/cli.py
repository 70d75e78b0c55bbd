"""The command ``companynet-sandbox``."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from companynet_sandbox import demo_data
from companynet_sandbox.books import Books, BooksError, create_books


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        if options.command == "init":
            create_books(options.dir)
            if options.demo:
                fill_with_demo(options.dir)
            return 0
        from companynet_sandbox.server import serve  # noqa: PLC0415 - init needs no server

        serve(options.dir, options.port, options.control_port)
    except (BooksError, OSError) as error:
        sys.stderr.write(f"companynet-sandbox: {error}\n")
        return 1
    return 0


def fill_with_demo(directory: Path) -> None:
    """Write the demonstration's customers into empty books."""
    books = Books(directory)
    try:
        with books.transaction() as db:
            demo_data.fill(db)
    finally:
        books.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="companynet-sandbox", description="A bank to run CompanyNet clients against"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make the bank's books")
    init.add_argument("--dir", type=Path, required=True, help="directory of the books")
    init.add_argument("--demo", action="store_true", help="with the customers of the demonstration")
    serve = commands.add_parser("serve", help="run the bank until SIGTERM")
    serve.add_argument("--dir", type=Path, required=True, help="directory of the books")
    serve.add_argument("--port", type=int, default=0, help="of the web service; 0 chooses one")
    serve.add_argument("--control-port", type=int, default=0, help="of the control plane; 0 chooses one")
    return parser


if __name__ == "__main__":
    sys.exit(main())
