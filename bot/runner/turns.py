"""Answer single requests, one byte in and one byte out, while the parent holds the clock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.runner.flavors import Model
    from bot.runner.request import Request
    from bot.runner.table import Table


def take_turns(model: Model, table: Table, request: Request) -> None:
    """Answer the batches in turn, and again from the first, until the parent hangs up.

    Inputs are laid out before the clock starts: what is timed is the model.
    """
    turn, reply = 0, os.dup(1)
    os.dup2(2, 1)
    laid_out = [model.inputs(table.rows_from(start, stop)) for start, stop in request.batches]
    os.write(reply, b"+")
    while os.read(0, 1):
        model.answer(laid_out[turn % len(laid_out)])
        os.write(reply, b"+")
        turn += 1
