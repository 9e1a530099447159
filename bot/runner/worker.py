"""One worker: lock down, load, answer, say the numbers, end."""

from __future__ import annotations

import os
import time
import warnings
from typing import TYPE_CHECKING

from bot.runner import numbers
from bot.runner.lockdown import lock_down
from bot.runner.numbers import Numbers
from bot.runner.request import read

if TYPE_CHECKING:
    from bot.runner.flavors import Model
    from bot.runner.request import Request
    from bot.runner.table import Table


def work(path: str) -> None:
    """Carry out a request; end without running anything the model may have left behind."""
    request, said = read(path), Numbers()
    try:
        said.write(request.out)
        said.landlock = lock_down(request)
        _carry_out(request, said)
        said.stage = numbers.DONE
    except BaseException as error:  # noqa: BLE001 -- whatever a model raises becomes a number
        said.fail(error)
        _tell(error)
    said.peak_bytes = numbers.peak_bytes()
    said.write(request.out)
    os._exit(0)


def _tell(error: BaseException) -> None:
    import traceback

    # Standard error is a capped log on the parent's side and reaches no report.
    traceback.print_exception(error)


def _carry_out(request: Request, said: Numbers) -> None:
    if request.kind == "canary":
        from bot.runner.canary import attempt

        attempt(request)
        return
    model = _loaded(request, said)
    if not request.features:
        return
    from bot.runner.table import open_table

    table = open_table(request.features)
    _compare(model, table, request, said)
    said.stage = numbers.PREDICTING
    said.write(request.out)
    if request.kind == "turns":
        from bot.runner.turns import take_turns

        take_turns(model, table, request)
    elif request.kind == "answer":
        _answer(model, table, request, said)


def _loaded(request: Request, said: Numbers) -> Model:
    from bot.runner.flavors import flavor

    said.stage = numbers.IMPORTING
    said.write(request.out)
    chosen = flavor(request.flavor)
    chosen.prepare()
    said.stage = numbers.LOADING
    said.write(request.out)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = time.perf_counter()
        model = chosen.load(request)
        said.load_seconds = time.perf_counter() - before
    said.warnings = len(caught)
    warnings.simplefilter("ignore")
    return model


def _compare(model: Model, table: Table, request: Request, said: Numbers) -> None:
    """Count what the model asks for and the data do not have, and the reverse."""
    import numpy as np

    from bot.runner.labels import code_of

    asked = model.asks(table.names)
    if asked is not None:
        said.unknown_features = len(set(asked) - set(table.names))
        used = np.array([name in set(asked) for name in table.names])
        np.save(f"{request.out}/used.npy", used.astype(np.uint8), allow_pickle=False)
    if model.owned is not None and request.classes:
        codes = [code_of(label, request.classes) for label in model.owned]
        said.unknown_classes = codes.count(-1)
        known = np.isin(np.arange(len(request.classes)), codes)
        np.save(f"{request.out}/classes.npy", known.astype(np.uint8), allow_pickle=False)


def _answer(model: Model, table: Table, request: Request, said: Numbers) -> None:
    import numpy as np

    from bot.runner.plain import plain

    parts = []
    for place, (start, stop) in enumerate(request.batches):
        before = time.perf_counter()
        answer = model.answer(model.inputs(table.rows_from(start, stop)))
        if place == 0:
            said.predict_seconds = time.perf_counter() - before
        parts.append(plain(answer, request, stop - start))
    predicted = np.concatenate([part[0] for part in parts])
    np.save(f"{request.out}/predicted.npy", predicted, allow_pickle=False)
    scores = [part[1] for part in parts if part[1] is not None]
    if len(scores) == len(parts):
        np.save(f"{request.out}/scores.npy", np.concatenate(scores), allow_pickle=False)
