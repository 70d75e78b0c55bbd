# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""mbank-admin: the key ring and the identity of a database.

For the administrator of the server, who can read the key ring anyway.
"""
import argparse
import os
import subprocess
import sys

import trytond.config as config

_COMPARE = """\
%(name)s: it was moved, copied or restored, and knows nothing of %(missing)s
%(name)s: order files that were sent. Orders leave it again when all open order
%(name)s: batches and approved payments were compared with CompanyNet and
%(name)s: "Compared with the Bank" was pressed in "Identity of this Database"."""


def _parser():
    def options(default):
        parser = argparse.ArgumentParser(add_help=False)
        parser.add_argument('-c', '--config', metavar='FILE', default=default,
            help="the configuration file of the server")
        parser.add_argument('-d', '--database', metavar='DATABASE',
            action='append', default=default, dest='databases',
            help="a database; may be given more than once")
        return parser
    parser = argparse.ArgumentParser(
        prog='mbank-admin', parents=[options(None)],
        description="The key ring of mBank and the databases it serves.")
    # Taken before and behind the command
    shared = {'parents': [options(argparse.SUPPRESS)]}
    commands = parser.add_subparsers(dest='command', required=True)
    keys = commands.add_parser(
        'keys', help="make or show the key ring", **shared)
    keys.add_argument('action', choices=['create', 'show', 'add', 'rewrap'],
        help="create the ring; show its keys; add a key to seal with from now "
        "on; rewrap what older keys sealed in the databases")
    adopt = commands.add_parser(
        'adopt', help="let the ring serve the databases where they are now",
        **shared)
    adopt.add_argument('--new-identity', action='store_true',
        help="for a copy that shall live beside its original: its sessions "
        "are locked and its certificates removed")
    commands.add_parser(
        'status', help="say whether the ring serves the databases", **shared)
    return parser


def main(argv=None):
    "The console script mbank-admin"
    options = _parser().parse_args(argv)
    if options.config and os.environ.get('TRYTOND_CONFIG') != options.config:
        # The backend was chosen when the plugin was imported, to get here:
        # once more, with the file there from the beginning.
        return subprocess.run(
            [sys.executable, '-m', __spec__.name,
                *(sys.argv[1:] if argv is None else argv)],
            env={**os.environ, 'TRYTOND_CONFIG': options.config},
            ).returncode
    config.update_etc()
    from trytond import backend
    from trytond.exceptions import UserError
    from trytond.pool import Pool
    Pool.start()
    try:
        return _run(options)
    except UserError as error:
        print(error.message, file=sys.stderr)
    except backend.DatabaseOperationalError as error:
        print('The database cannot be used: %s' % error, file=sys.stderr)
    return 1


def _run(options):
    if options.command == 'keys' and options.action != 'rewrap':
        return _keys(options.action)
    if not options.databases:
        print("Name the databases with -d.", file=sys.stderr)
        return 2
    return max([_database(n, options) for n in options.databases])


def _keys(action):
    from trytond.modules.mbank.keyring import vault
    if action == 'create':
        vault.create_ring()
    elif action == 'add':
        vault.add_key()
    status = vault.ring_status()
    print('key ring %(path)s (%(ring)s): keys %(versions)s, '
        'current %(current)s' % status)
    for identity, location in sorted(status['databases'].items()):
        print('%s: %s' % (identity, location or 'not adopted'))
    return 0


def _database(name, options):
    from trytond.pool import Pool
    from trytond.transaction import Transaction
    pool = Pool(name)
    with Transaction().start(name, 0, readonly=True):
        pool.init()
    with Transaction().start(
            name, 0, readonly=options.command == 'status') as transaction:
        models = dict(pool.iterobject())
        if 'mbank.database' not in models:
            print('%s: the module mbank is not installed' % name,
                file=sys.stderr)
            return 1
        Database, User = models['mbank.database'], models['res.user']
        with transaction.set_context(User.get_preferences(context_only=True)):
            if options.command == 'keys':
                print('%s: %s values rewrapped' % (name, _rewrap()))
                return 0
            if options.command == 'adopt':
                if options.new_identity:
                    Database.renew_identity()
                if (missing := Database.adopt()) is not None:
                    print(_COMPARE % {'name': name, 'missing': missing})
            return _status(name, Database)


def _status(name, Database):
    from trytond.exceptions import UserError
    from trytond.modules.mbank.keyring import vault
    print('%s: identity %s' % (name, Database.get_identity()))
    print('%s: lives at %s' % (name, Database.get_location()))
    try:
        vault.check()
    except UserError as error:
        print('%s: %s' % (name, error.message), file=sys.stderr)
        return 1
    print('%s: served by the key ring' % name)
    return 0


def _rewrap():
    from trytond.modules.mbank.keyring import vault
    from trytond.modules.mbank.keyring.sealed import sealed_models
    return sum(
        vault.rewrap(record, field)
        for model in sealed_models()
        for field in model._sealed_fields
        for record in model.search([]))


if __name__ == '__main__':
    sys.exit(main())
