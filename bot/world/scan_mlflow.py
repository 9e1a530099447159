"""Look through an MLflow model folder: what its MLmodel names, and whatever else could run.

The runner's own reading of the MLmodel says what is loaded, so that no text is one file to the
look and another one to the load.  Every other file must be plain text of a known kind; the rest is
looked at as what it could be loaded as, and is unreadable if it is that neither.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

import yaml

from bot.core.document import read
from bot.core.errors import Malformed
from bot.runner.flavors import NoModel
from bot.runner.flavors import mlflow as runner
from bot.world.scan_pickle import Machine
from bot.world.scan_values import Tally, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.core.lock import Flavor

_LARGEST = 1_000_000
_LOADERS = frozenset({"mlflow.sklearn", "mlflow.onnx", "mlflow.xgboost", "mlflow.lightgbm"})
_PICKLED = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".dat")
_TEXTS = (".txt", ".yaml", ".yml", ".json", ".md", ".csv")
_TEXT_NAMES = ("MLmodel", "LICENSE", "README", "registered_model_meta")
_CONTROLS = bytes(range(9)) + bytes((11, 12, *range(14, 32), 127))
_NOTHING = (None, "", "null", "~")


def contained(folder: Path) -> list[tuple[Path, Flavor]]:
    """Return the files of a folder that could be loaded, each with the flavor it would be.

    Raises:
        Unreadable: no MLmodel, or one that names no known model inside the folder.
    """
    flavors = _flavors(folder)
    found = list(dict.fromkeys(_named(folder, flavors)))
    if not found:
        raise Unreadable("its MLmodel names no sklearn, onnx, xgboost or lightgbm model")
    known = {path for path, _ in found}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in known and path.suffix != ".py" and not _is_text(path):
            # Nothing loads it today, as far as its MLmodel says; it has no business there.
            found += [(path, "pickle"), (path, "joblib")]
    return found


def loader_code(folder: Path) -> list[str]:
    """List what an MLmodel would import besides the known loaders, and modules that lie about.

    Raises:
        Unreadable: no MLmodel, or a broken one.
    """
    function = runner.table(_flavors(folder).get("python_function"))
    loader = function.get("loader_module")
    findings = [] if loader is None or loader in _LOADERS else [f"loader {loader}"]
    if function.get("code") not in _NOTHING:
        findings.append(f"code in {function['code']}")
    modules = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    return [*findings, *(f"code in {name}" for name in modules)]


def _flavors(folder: Path) -> dict[str, Any]:
    """Return what the runner would see, if a strict reader finds that it has one meaning."""
    try:
        with (folder / "MLmodel").open("rb") as opened:
            text = opened.read(_LARGEST)
        if len(text) == _LARGEST:
            raise Unreadable("its MLmodel file is too long")
        read(text, "MLmodel")
        return runner.described(folder)
    except OSError:
        raise Unreadable("the folder has no MLmodel file") from None
    except (Malformed, yaml.YAMLError, ValueError, RecursionError):
        raise Unreadable("its MLmodel file is no plain YAML") from None


def _named(folder: Path, flavors: dict[str, Any]) -> Iterator[tuple[Path, Flavor]]:
    """Yield what the runner would load, and every file that MLflow itself may load instead."""
    try:
        kind, place = runner.named(flavors)
    except NoModel:
        return
    path = _inside(folder, place)
    yield path, _flavor(path, kind)
    for name, usual in runner.NATIVE.items():
        if name in flavors:
            path = _inside(folder, runner.table(flavors[name]).get("data", usual))
            yield path, _flavor(path, name)
    function = runner.table(flavors.get("python_function"))
    kind = str(function.get("loader_module", "")).removeprefix("mlflow.")
    data = function.get("model_path") or function.get("data")
    if data and kind in runner.NATIVE:
        path = _inside(folder, data)
        yield path, _flavor(path, kind)
    elif data and kind == "sklearn" and "sklearn" not in flavors:
        yield _inside(folder, data), "pickle"


def _flavor(path: Path, kind: str) -> Flavor:
    for native in ("onnx", "xgboost", "lightgbm"):
        if kind == native and not _is_pickled(path):
            return native
    return "skops" if kind == "skops" else "pickle"


def _inside(folder: Path, place: object) -> Path:
    path = (folder / str(place)).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise Unreadable("its MLmodel names a file that is not in the folder")
    return folder / path.relative_to(folder.resolve())


def _is_pickled(path: Path) -> bool:
    if path.suffix.lower() in _PICKLED:
        return True
    with path.open("rb") as opened:
        return opened.read(1) == b"\x80"


def _is_text(path: Path) -> bool:
    """Tell whether a file is text of a known kind, and not a pickle written in letters."""
    if path.suffix.lower() not in _TEXTS and path.name not in _TEXT_NAMES:
        return False
    with path.open("rb") as opened:
        text = opened.read(_LARGEST)
    if len(text) == _LARGEST or text.translate(None, _CONTROLS) != text:
        return False
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return not text or not _runs(path)


def _runs(path: Path) -> bool:
    """Tell whether a pickle machine that took a file for a pickle would call anything in it."""
    tally, whole = Tally(frozenset()), True
    with (
        path.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
    ):
        machine = _Calling(mapped, tally, joblib=False)
        try:
            machine.run()
        except Unreadable:
            whole = False
    return machine.calls or (whole and bool(tally.met))


class _Calling(Machine):
    """Notes whether anything is called; text that happens to name something calls nothing."""

    calls = False

    def _call(self, maker: Any, args: Any) -> Any:
        self.calls = True
        return super()._call(maker, args)
