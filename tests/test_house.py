"""The house keeps its own rules: sizes, names, and what is never written down."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core import errors

ROOT = Path(__file__).parent.parent
LONGEST = 300
FORBIDDEN = ("manager", "handler", "processor", "helper", "util", "common", "base", "info", "misc")
ALLOWED = {"base"}
"""`base` is git's word for the branch a pull request goes to, and may name just that."""


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def python_files() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.exists()]


def test_no_python_file_has_more_than_three_hundred_lines() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in python_files()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }

    assert long == {}


def test_every_module_of_the_bot_opens_with_one_sentence() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in python_files()
        if path.is_relative_to(ROOT / "bot")
        and path.read_text().strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert silent == []


def test_names_say_what_things_are() -> None:
    bad = []
    for path in python_files():
        if not path.is_relative_to(ROOT / "bot"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                words = set(re.findall(r"[a-z]+", re.sub(r"([A-Z])", r" \1", node.name).lower()))
                if words & (set(FORBIDDEN) - ALLOWED):
                    bad.append(f"{path.name}:{node.name}")

    assert bad == []


@pytest.mark.parametrize(
    "pattern",
    [r"/root/", r"/home/(?!lockstep\b)\w", r"/work/", r"(?<!no-emit-)index-url", r"https?://\S+/simple\b"],
)
def test_no_committed_file_names_a_machine_or_a_registry(pattern: str) -> None:
    found = []
    for path in tracked():
        if path == Path(__file__) or not path.is_file() or path.stat().st_size > 2_000_000:
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        if "\0" not in text and re.search(pattern, text):
            found.append(path.relative_to(ROOT).as_posix())

    assert found == []


def test_every_exit_code_is_unique_and_documented() -> None:
    kinds = {
        kind.__name__: kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.Stop) and "exit_code" in vars(kind)
    }
    outcomes = {
        name: getattr(errors, name)
        for name in ("PASSED", "FAILED", "INCONCLUSIVE", "ERRORED", "BUG", "UNHEALTHY")
    }
    faults = {fault.name: fault.value for fault in errors.Fault}
    codes = [*kinds.values(), *outcomes.values(), *faults.values(), 2]
    page = (ROOT / "docs/exit-codes.md").read_text()
    documented = {
        int(code)
        for row in re.findall(r"^\| ([\d, ]+) \|", page, re.MULTILINE)
        for code in row.split(",")
    }

    assert len(codes) == len(set(codes))
    assert set(codes) <= documented


def test_help_imports_nothing_heavy() -> None:
    heavy = ("numpy", "pandas", "sklearn", "scipy", "pydantic", "git", "github", "yaml", "rich")
    script = (
        "import sys; sys.argv = ['lockstep', '--help']\n"
        "from bot.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True)

    assert done.stderr.decode().strip() == "[]"


def test_every_dependency_is_pinned_with_a_hash_and_without_an_address() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text()
        pins = re.findall(r"^[a-z0-9._-]+(?:\[[\w,]+\])?==", text, re.MULTILINE)

        assert pins
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
        assert "index-url" not in text


IMPORTERS = {
    "github": ("bot/world/github",),
    "git": ("bot/world/git.py",),
    # The scan reads an MLmodel with the very code of the runner, and meets its errors.
    "yaml": ("bot/core/document.py", "bot/runner/", "bot/world/scan_mlflow.py"),
    "jinja2": ("bot/report/render.py",),
    "click": ("bot/cli/",),
    "rich": ("bot/cli/", "bot/report/terminal.py"),
    "fsspec": ("bot/world/store",),
    "prometheus_client": ("bot/serve/figures.py", "bot/serve/patience.py"),
    "starlette": ("bot/serve/app.py", "bot/serve/running.py"),
    "uvicorn": ("bot/serve/running.py", "bot/serve/patience.py"),
}
"""Who may import a foreign library; each stays behind one door."""


def test_each_foreign_library_has_one_importer() -> None:
    strangers = []
    for path in python_files():
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("bot/"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
                [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else [])
            for module in modules:
                doors = IMPORTERS.get(module.split(".")[0])
                if doors and not name.startswith(doors):
                    strangers.append(f"{name} imports {module}")

    assert strangers == []
