"""The same two models under mlflow: run by the interpreter of `.venv-bench`.

`by_mlflow.py save FOLDER TRUSTED MODEL...` writes each model as mlflow keeps it, and
`by_mlflow.py evaluate FOLDER HOLDOUT FEATURES TARGET MODEL...` evaluates each of them.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")


def save(folder: str, trusted: str, *models: str) -> None:
    import mlflow.sklearn
    import skops.io

    names = [name for name in trusted.split(",") if name]
    for path in models:
        mlflow.sklearn.save_model(
            skops.io.load(path, trusted=names), f"{folder}/{Path(path).stem}",
            serialization_format="cloudpickle", pip_requirements=[])
    _track(folder)
    with mlflow.start_run():
        pass


def evaluate(folder: str, holdout: str, features: str, target: str, *models: str) -> None:
    import mlflow
    import pandas as pd

    _track(folder)
    rows = pd.read_parquet(holdout, columns=[*features.split(","), target])
    for path in models:
        with mlflow.start_run():
            mlflow.models.evaluate(
                f"{folder}/{Path(path).stem}", rows, targets=target, model_type="classifier",
                evaluators="default", evaluator_config={"log_model_explainability": False})


def _track(folder: str) -> None:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder}/runs.db")


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    if verb == "save":
        save(*words)
    else:
        evaluate(*words)
