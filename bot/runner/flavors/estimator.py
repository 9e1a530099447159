"""A scikit-learn estimator, or what behaves as one, as a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.runner.flavors import Answer, NoModel, present
from bot.runner.labels import likeliest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.runner.table import Table

# Their `predict` is the arg-max of `predict_proba` by definition; asking once is enough.
_ARG_MAX = {
    "RandomForestClassifier", "ExtraTreesClassifier", "DecisionTreeClassifier",
    "ExtraTreeClassifier", "HistGradientBoostingClassifier", "BaggingClassifier",
}  # fmt: skip


class Estimator:
    """Asks `predict`, and `predict_proba` where there is one."""

    def __init__(self, estimator: Any) -> None:
        if not callable(getattr(estimator, "predict", None)):
            raise NoModel
        self._estimator = estimator
        self._names = _names(estimator)
        owned = _attribute(estimator, "classes_")
        self.owned: Sequence[object] | None = None if owned is None else list(owned)
        self._positional = self._names is None and _attribute(estimator, "n_features_in_")

    def asks(self, columns: Sequence[str]) -> tuple[str, ...] | None:  # noqa: ARG002 -- the protocol's
        """Return the names it was trained on."""
        return self._names

    def inputs(self, table: Table) -> Any:
        """Return a DataFrame, or an array for an estimator that was trained on one."""
        names = present(self, table)
        if self._positional and table.numeric(names):
            return table.matrix(names)
        return table.frame(names)

    def answer(self, inputs: Any) -> Answer:
        """Ask for labels, so that thresholds inside the model count, and for scores."""
        ask = getattr(self._estimator, "predict_proba", None)
        if self.owned is None or not callable(ask):
            return Answer(self._estimator.predict(inputs))
        scores = ask(inputs)
        if _is_arg_max(self._estimator):
            return Answer(likeliest(scores, self.owned), scores, self.owned)
        return Answer(self._estimator.predict(inputs), scores, self.owned)


def _attribute(estimator: Any, name: str) -> Any:
    # Pipelines compute these, and answer with any exception when they cannot.
    try:
        return getattr(estimator, name, None)
    except Exception:  # noqa: BLE001 -- the model's own code; absence is the answer
        return None


def _names(estimator: Any) -> tuple[str, ...] | None:
    found = _attribute(estimator, "feature_names_in_")
    steps = _attribute(estimator, "steps")
    if found is None and steps:
        found = _attribute(steps[0][1], "feature_names_in_")
    return None if found is None else tuple(str(name) for name in found)


def _is_arg_max(estimator: Any) -> bool:
    steps = _attribute(estimator, "steps")
    kind = type(steps[-1][1] if steps else estimator)
    return kind.__module__.startswith("sklearn.") and kind.__name__ in _ARG_MAX
