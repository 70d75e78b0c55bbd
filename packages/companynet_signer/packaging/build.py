"""Builds the signer as one folder for this system, with PyInstaller, from a clean environment.

``python packages/companynet_signer/packaging/build.py FOLDER`` leaves ``FOLDER/companynet-signer``, which starts from
wherever it is put, on machines with the same or a newer C library. ``make signer`` builds it and tries it.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def main() -> None:
    """Build."""
    folder = Path(sys.argv[1]).resolve()
    environment = folder / "environment"
    if not environment.exists():
        venv.create(environment, with_pip=True)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    packages = [ROOT / "packages" / name for name in ("companynet", "companynet_signer")]
    run(python, "-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", *packages)
    run(python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", *packages, "pyinstaller")
    work = folder / "work"
    run(
        python, "-m", "PyInstaller", "--noconfirm", "--onedir", "--name", "companynet-signer", "--log-level", "ERROR",
        "--distpath", folder, "--workpath", work, "--specpath", work, HERE / "start.py",
    )  # fmt: skip
    size = sum(path.stat().st_size for path in (folder / "companynet-signer").rglob("*") if path.is_file())
    print(f"{folder / 'companynet-signer'}: {size / 1e6:.0f} MB")


def run(*command: object) -> None:
    """Run a command; its failure is ours."""
    subprocess.run([str(word) for word in command], check=True, env={**os.environ, "PYTHONWARNINGS": "ignore"})


if __name__ == "__main__":
    main()
