"""How long our programs take to start, beside Python that imports zeep.

Each start is a process of its own. All take turns in each round, after one round that does not count; the medians are
printed, of the processor's time and of what passed.

Run: `python benchmarks/start_up.py [--rounds N]`.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEER = "python with zeep"
STATEMENT = """\
:20:ST260105\r
:25:PL61109010140000071219812874\r
:28C:5/1\r
:60F:C260105PLN100,00\r
:62F:C260105PLN100,00\r
"""


def programs(folder: Path) -> dict[str, str]:
    """What starts, and its Python."""
    statement = folder / "day.sta"
    statement.write_text(STATEMENT)
    parse = ["statement", "parse", str(statement)]
    return {
        "python": "pass",
        PEER: "import zeep",
        "companynet --help": "from companynet.cli import main; main(['--help'])",
        "companynet statement parse": f"from companynet.cli import main; main({parse!r})",
        "import companynet.client": "import companynet.client",
        "import companynet.signing": "import companynet.signing",
        "companynet-signer list --help": "from companynet_signer.cli import main; main(['list', '--help'])",
        "companynet-signer, its window": "import companynet_signer.cli, companynet_signer.window",
        "trytond": "import trytond.pool",
        "trytond with its modules": "from trytond.modules import register_classes; register_classes()",
    }


def start(code: str) -> tuple[float, float]:
    """Milliseconds of the processor, and those that passed."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    after, passed = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * spent, 1000 * passed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        codes = programs(Path(folder))
        for code in codes.values():
            start(code)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in codes}
        for _round in range(rounds):
            for name, code in codes.items():
                taken[name].append(start(code))
    spent = {name: statistics.median(cpu for cpu, _passed in values) for name, values in taken.items()}
    print(f"{'':32}{'CPU ms':>8}{'passed ms':>11}{'with zeep':>11}")
    for name, values in taken.items():
        passed = statistics.median(passed for _cpu, passed in values)
        print(f"{name:32}{spent[name]:8.0f}{passed:11.0f}{spent[name] / spent[PEER]:10.2f}x")


if __name__ == "__main__":
    main()
