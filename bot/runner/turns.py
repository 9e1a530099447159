"""Answer single requests, one byte in and the answer out, while the parent holds the clock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.runner.flavors import Answer, Model
    from bot.runner.request import Request
    from bot.runner.table import Table


def take_turns(model: Model, table: Table, request: Request) -> None:
    """Answer the batches in turn, and again from the first, until the parent hangs up.

    The next rows are laid out before the parent is told `.`, so what is timed is the model.  The
    answer itself is the reply, after a `+`: a reply that comes early is a wrong one.
    """
    turn, reply = 0, os.dup(1)
    os.dup2(2, 1)
    while True:
        start, stop = request.batches[turn % len(request.batches)]
        laid_out = model.inputs(table.rows_at(request.places[start:stop]))
        os.write(reply, b".")
        if not os.read(0, 1):
            return
        _send(reply, b"+" + _told(model.answer(laid_out), request, stop - start))
        turn += 1


def _told(answer: Answer, request: Request, rows: int) -> bytes:
    """Return each row's answer and scores, NaN without, as doubles; nothing without a task."""
    import numpy as np

    from bot.runner.plain import plain

    if not request.task:
        return b""
    predicted, scores = plain(answer, request, rows)
    if scores is None and request.classes:
        scores = np.full((rows, len(request.classes) + 1), np.nan)
    columns = predicted[:, None] if scores is None else np.column_stack((predicted, scores))
    told: Any = np.ascontiguousarray(columns, dtype=np.float64)
    return bytes(told.tobytes())


def _send(reply: int, message: bytes) -> None:
    while message:
        message = message[os.write(reply, message) :]
