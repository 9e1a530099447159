"""MLflow model folders: their MLmodel file says which flavor lies inside.

MLflow itself is not needed. A folder may hold a pickle, so policies opt in.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.runner.flavors import NoModel, flavor

if TYPE_CHECKING:
    from bot.runner.flavors import Model
    from bot.runner.request import Request

_LARGEST = 1_000_000


def prepare() -> None:
    """Import PyYAML."""
    import yaml  # noqa: F401 -- so that a missing library is told from a bad artifact


def load(request: Request) -> Model:
    """Open the first flavor that is known here.

    Raises:
        NoModel: the folder names none, or a file outside of itself.
    """
    import yaml

    folder = Path(request.artifact)
    with (folder / "MLmodel").open("rb") as file:
        described = yaml.safe_load(file.read(_LARGEST))
    flavors = described.get("flavors", {}) if isinstance(described, dict) else {}
    name, file_name = _inside(flavors)
    path = (folder / file_name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise NoModel
    chosen = flavor(name)
    chosen.prepare()
    return chosen.load(replace(request, artifact=str(path), flavor=name))


def _inside(flavors: dict[str, Any]) -> tuple[str, str]:
    """Return our flavor and the file, by the entries of an MLmodel."""
    if "sklearn" in flavors:
        entry = flavors["sklearn"]
        kind = "skops" if entry.get("serialization_format") == "skops" else "pickle"
        return kind, str(entry["pickled_model"])
    for name, usual in (
        ("onnx", "model.onnx"),
        ("xgboost", "model.xgb"),
        ("lightgbm", "model.lgb"),
    ):
        if name in flavors:
            return _native(name, str(flavors[name].get("data", usual)))
    function = flavors.get("python_function", {})
    kind = str(function.get("loader_module", "")).removeprefix("mlflow.")
    place = str(function.get("model_path") or function.get("data") or "")
    if not place or kind not in {"sklearn", "onnx", "xgboost", "lightgbm"}:
        raise NoModel
    return ("pickle", place) if kind == "sklearn" else _native(kind, place)


def _native(name: str, file: str) -> tuple[str, str]:
    return ("pickle" if file.endswith((".pkl", ".pickle")) else name), file
