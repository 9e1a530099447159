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

NATIVE = {"onnx": "model.onnx", "xgboost": "model.xgb", "lightgbm": "model.lgb"}
"""Flavors of a library's own format, and the file each writes unless the MLmodel says another."""
_LARGEST = 1_000_000


def prepare() -> None:
    """Import PyYAML."""
    import yaml  # noqa: F401 -- so that a missing library is told from a bad artifact


def load(request: Request) -> Model:
    """Open the first flavor that is known here.

    Raises:
        NoModel: the folder names none, or a file outside of itself.
    """
    folder = Path(request.artifact)
    name, file_name = named(described(folder))
    path = (folder / file_name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise NoModel
    chosen = flavor(name)
    chosen.prepare()
    return chosen.load(replace(request, artifact=str(path), flavor=name))


def described(folder: Path) -> dict[str, Any]:
    """Return the flavors of an MLmodel; every scalar is the text that stands there.

    The static look at a folder reads it with this function too: a name such as `010`, which YAML
    may take for a number, must not mean one file there and another one here.
    """
    import yaml

    with (folder / "MLmodel").open("rb") as file:
        # The base loader makes no objects and guesses at no scalar; the safe one does.
        found = yaml.load(file.read(_LARGEST), Loader=yaml.BaseLoader)  # noqa: S506 -- makes text only
    return table(table(found).get("flavors"))


def table(value: object) -> dict[str, Any]:
    """Return a mapping, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def named(flavors: dict[str, Any]) -> tuple[str, str]:
    """Return our flavor and the file, by the entries of an MLmodel.

    Raises:
        NoModel: none of them is known, or its file is not written as one text.
    """
    if "sklearn" in flavors:
        entry = table(flavors["sklearn"])
        kind = "skops" if entry.get("serialization_format") == "skops" else "pickle"
        return kind, _text(entry.get("pickled_model"))
    for name, usual in NATIVE.items():
        if name in flavors:
            return _native(name, _text(table(flavors[name]).get("data", usual)))
    function = table(flavors.get("python_function"))
    kind = _text(function.get("loader_module")).removeprefix("mlflow.")
    place = _text(function.get("model_path") or function.get("data"))
    if kind not in {"sklearn", *NATIVE}:
        raise NoModel
    return ("pickle", place) if kind == "sklearn" else _native(kind, place)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise NoModel
    return value


def _native(name: str, file: str) -> tuple[str, str]:
    return ("pickle" if file.endswith((".pkl", ".pickle")) else name), file
