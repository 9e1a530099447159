"""Root is protected by other layers than an ordinary user; run these tests as one too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "12345"
ROOT = Path(__file__).parents[2]
DEBIAN = "/usr/bin/python3"
# setpriv itself still starts what only root may read; what `env` starts, the user starts.
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "/usr/bin/env"]

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="these tests run as an ordinary user already"
)


def runs(*command: str) -> bool:
    told = subprocess.run([*AS_USER, *command], capture_output=True, check=False, env={})
    return told.returncode == 0


@pytest.fixture(scope="module")
def house() -> Iterator[Path]:
    """Copy what is tested to a place that every user can read."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed, so there is no other user to become")
    folder = Path(tempfile.mkdtemp(prefix="lockstep-house-"))
    folder.chmod(0o755)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "bot", folder / "bot", ignore=unwanted)
    for name in ("sandbox", "hostile"):
        shutil.copytree(ROOT / "tests" / name, folder / "tests" / name, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def interpreter(house: Path) -> str:
    """Find an interpreter this user can start, with the packages of this one."""
    if runs(sys.executable, "-c", "import numpy, pandas, pytest"):
        return sys.executable
    packages = sysconfig.get_path("purelib")
    if not Path(DEBIAN).exists():
        pytest.skip("this interpreter is closed to other users, and there is no /usr/bin/python3")
    subprocess.run([DEBIAN, "-m", "venv", "--without-pip", house / "venv"], check=True)
    (site,) = (house / "venv" / "lib").glob("python3*/site-packages")
    (site / "packages.pth").write_text(packages + "\n")
    found = str(house / "venv" / "bin" / "python")
    if not runs(found, "-c", "import numpy, pandas, pytest"):
        pytest.skip("no interpreter of this version is open to other users")
    return found


def test_an_ordinary_user_is_protected_as_root_is(house, interpreter):
    home = house / "home"
    home.mkdir()
    os.chown(home, int(USER), int(USER))
    chosen = ["test_containment.py", "test_limits.py"]
    told = subprocess.run(
        [
            *AS_USER, interpreter, "-B", "-m", "pytest", "-p", "no:cacheprovider",
            "-p", "no:randomly", f"--basetemp={home / 'base'}",
            *(f"tests/sandbox/{name}" for name in chosen),
        ],
        cwd=house, capture_output=True, text=True, check=False, timeout=300,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "TOKEN": "s3cret"},
    )  # fmt: skip
    assert told.returncode == 0, told.stdout[-8000:] + told.stderr[-2000:]
    assert " passed" in told.stdout
