"""``python -m demo [--exit]``: the main job on the embedded database, then the web client.

With ``--exit`` it stops after the job; the exit status is 0 only if every step was verified.
"""

import argparse
import datetime as dt
import signal
import sys
import xmlrpc.client

from demo import firms
from demo.job import Job
from demo.report import Report, StepFailed
from demo.world import BUILD, World


def main() -> int:
    """Run from the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="stop after the job")
    parser.add_argument("--port", type=int, default=8069, help="of the web client; 0 chooses one")
    options = parser.parse_args()
    report = Report()
    world = World(BUILD / "demo" / "run", **({"web_port": options.port} if options.port else {}))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with world:
            Job(world, report, dt.date.today()).run()
            print(f"\nThe main job works: {report.steps} steps in {report.seconds:.0f} s.", flush=True)
            if not options.exit:
                _serve(world)
    except KeyboardInterrupt:
        return 130
    except (StepFailed, RuntimeError, LookupError, OSError, xmlrpc.client.Error) as error:
        print(f"\nThe demonstration failed: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(world: World) -> None:
    print(f"\nThe web client is at {world.web_url}; the bank's control page at {world.bank['control']}")
    for firm in firms.FIRMS.values():
        print(f"\n  database „{firm.database}”: {', '.join(company.name for company in firm.companies)}")
        for login, who in [("admin", "administrator"), *((p.login, f"{p.name}, {p.role}") for p in firm.people)]:
            print(f"    {login:8} {who}")
    print(f"\n  everybody's password: {firms.PASSWORD}\n\nCtrl-C ends it.", flush=True)
    signal.pause()


if __name__ == "__main__":
    sys.exit(main())
