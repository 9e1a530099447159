"""Look through an MLflow model folder: what its MLmodel names, and whatever else could run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.document import plain, read
from bot.core.errors import Malformed
from bot.world.scan_values import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.core.lock import Flavor

_LARGEST = 1_000_000
_NATIVE: dict[Flavor, str] = {"onnx": "model.onnx", "xgboost": "model.xgb", "lightgbm": "model.lgb"}
_LOADERS = frozenset({"mlflow.sklearn", "mlflow.onnx", "mlflow.xgboost", "mlflow.lightgbm"})
_PICKLED = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".dat")


def contained(folder: Path) -> list[tuple[Path, Flavor]]:
    """Return the model files of a folder, each with the flavor it would be loaded as.

    Raises:
        Unreadable: no MLmodel, or one that names no known model inside the folder.
    """
    flavors = _flavors(folder)
    found = dict(_named(folder, flavors))
    if not found:
        raise Unreadable("its MLmodel names no sklearn, onnx, xgboost or lightgbm model")
    # A pickle that the MLmodel does not name is not loaded today; it has no business there.
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in found and _is_pickled(path):
            found[path] = "pickle"
    return list(found.items())


def loader_code(folder: Path) -> list[str]:
    """List what an MLmodel would import besides the known loaders.

    Raises:
        Unreadable: no MLmodel, or a broken one.
    """
    function = _table(_flavors(folder).get("python_function"))
    loader = function.get("loader_module")
    findings = [] if loader is None or loader in _LOADERS else [f"loader {loader}"]
    if function.get("code"):
        findings.append(f"code in {function['code']}")
    return findings


def _flavors(folder: Path) -> dict[str, Any]:
    try:
        with (folder / "MLmodel").open("rb") as opened:
            text = opened.read(_LARGEST)
        described = plain(read(text, "MLmodel"))
    except OSError:
        raise Unreadable("the folder has no MLmodel file") from None
    except Malformed:
        raise Unreadable("its MLmodel file is no plain YAML") from None
    return _table(_table(described).get("flavors"))


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _named(folder: Path, flavors: dict[str, Any]) -> Iterator[tuple[Path, Flavor]]:
    """Yield every file that some reading of the MLmodel would load."""
    if "sklearn" in flavors:
        entry = _table(flavors["sklearn"])
        skops = entry.get("serialization_format") == "skops"
        yield _inside(folder, entry.get("pickled_model")), "skops" if skops else "pickle"
    for name, usual in _NATIVE.items():
        if name in flavors:
            place = _inside(folder, _table(flavors[name]).get("data", usual))
            yield place, "pickle" if _is_pickled(place) else name
    function = _table(flavors.get("python_function"))
    loader = function.get("loader_module")
    data = function.get("model_path") or function.get("data")
    if data and loader == "mlflow.sklearn" and "sklearn" not in flavors:
        yield _inside(folder, data), "pickle"
    for name in _NATIVE:
        if data and loader == f"mlflow.{name}":
            path = _inside(folder, data)
            yield path, "pickle" if _is_pickled(path) else name


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
