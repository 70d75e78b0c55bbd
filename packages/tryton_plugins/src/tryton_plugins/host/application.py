"""The WSGI application of a host's web process: `gunicorn tryton_plugins.host.application:app`.

Reads TRYTOND_CONFIG and TRYTOND_DATABASE_NAMES as trytond's own application does.
"""

import csv
import os
from pathlib import Path

from trytond import config

from tryton_plugins.files import quote_names, write_json
from tryton_plugins.host.custom import CustomFiles, module_folders
from tryton_plugins.host.middleware import Middleware
from tryton_plugins.host.path import use_plugins
from tryton_plugins.service import ServiceFiles
from tryton_plugins.store import Store


def _make() -> Middleware:
    store = Store.from_config(Path(os.environ["TRYTOND_CONFIG"]))
    service = ServiceFiles(store.root)
    # Before the code: an installation that ends between the two makes this process outdated, not wrong.
    generations = service.generations()
    use_plugins(store)
    databases = next(csv.reader([os.environ.get("TRYTOND_DATABASE_NAMES", "")]), [])
    for database in databases:
        service.prepare(database)
    # A pool filled while the tables change would wait for the installation's locks.
    ready = [name for name in databases if service.marker(name) is None]
    os.environ["TRYTOND_DATABASE_NAMES"] = quote_names(ready)
    from trytond.application import app as tryton_application  # noqa: PLC0415

    root = config.get("web", "root")
    custom = CustomFiles(module_folders(), Path(root) if root else None)
    write_json(service.web_note(os.getpid()), generations)
    return Middleware(tryton_application, service, custom, generations)


app = _make()
