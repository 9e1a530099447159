"""Write what came of asking models as a folder of numbers: one account, and plain arrays."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from bot.core.bundle import (
    MOST_FACTS,
    MOST_RUN,
    RUN,
    Account,
    Found,
    Lost,
    Run,
    key,
)
from bot.core.errors import Fault, OutOfScope, Problem
from bot.core.policy import Layer
from bot.core.questions import Answered, Loaded, Timed
from bot.world.bundle_files import MOST_BYTES
from bot.world.row_ids import distinct, row_ids

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.core.evidence import Need
    from bot.world.answering import Finished
    from bot.world.telling import Told

    Arrays = dict[str, NDArray[Any]]

LAYERS: tuple[Layer, ...] = get_args(Layer)
_ROOM = MOST_BYTES - 1_000_000
"""Bytes for arrays; the rest is for headers and for the zip file around them."""


def write(
    out: Path, told: Mapping[Need[Any], Told], *, version: str, head: str | None, base: str | None
) -> Run:
    """Write a bundle.

    Args:
        out: A folder that is empty or not there.
        told: What came of each question; empty when there was nothing to ask.
        version: Of Lockstep.
        head: The commit whose lock asked; None when there is nothing to judge.
        base: The commit whose policies asked.

    Raises:
        OutOfScope: there are more questions than one bundle holds.
    """
    if len(told) > MOST_FACTS:
        raise _too_many()
    salt = _salt(told)
    found: list[Found] = []
    arrays: Arrays = {}
    left = _ROOM
    for place, (need, one) in enumerate(told.items()):
        written = _arrays(need, one, salt)
        size = sum(array.nbytes for array in written.values())
        fits = size <= left
        left -= size if fits else 0
        found.append(_found(need, one, fits=fits))
        if fits:
            arrays |= {f"{place}.{name}.npy": array for name, array in written.items()}
    run = Run(format=1, lockstep=version, head=head, base=base, salt=salt, found=tuple(found))
    text = run.model_dump_json(exclude_defaults=True).encode()
    if len(text) > MOST_RUN:
        raise _too_many()
    out.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(out / name, array, allow_pickle=False)
    (out / RUN).write_bytes(text)
    return run


def _too_many() -> OutOfScope:
    what = f"it asks more than {MOST_FACTS} questions of models"
    return OutOfScope(Problem(what=what, remedy="split the request into several"))


def _salt(told: Mapping[Need[Any], Told]) -> str:
    """Draw a key under which no two rows have one name."""
    asked = {
        (need.dataset.digest, one.questions.rows)
        for need, one in told.items()
        if isinstance(need, Answered) and one.questions
    }
    while True:
        salt = secrets.token_hex(32)
        if all(distinct(row_ids(salt, digest, rows)) for digest, rows in asked):
            return salt


def _found(need: Need[Any], told: Told, *, fits: bool) -> Found:
    champion = None
    match need:
        case Answered() | Loaded():
            artifact = need.artifact.digest
        case Timed():
            artifact = need.challenger.digest
            champion = need.champion.digest if need.champion else None
        case _:
            raise TypeError(f"no model answers {type(need).__name__}")
    fault = told.fault if fits else Fault.LIMIT_EXCEEDED
    return Found(
        question=key(need),
        artifact=artifact,
        champion=champion,
        fault=fault.name if fault else None,
        run=_account(told.run) if told.run and fits else None,
        lost=Lost(**asdict(told.lost)) if told.lost else None,
        repeated=told.timings.repeated if told.timings else 0,
    )


def _account(run: Finished) -> Account:
    numbers, ending = asdict(run.output.numbers), run.ending
    del numbers["landlock"]  # among the layers, as the canaries saw it
    return Account(
        **numbers,
        code=ending.code,
        seconds=ending.seconds,
        timed_out=ending.timed_out,
        overflowed=ending.overflowed,
        layers=run.layers,
        missing=tuple(one for one in LAYERS if any(w.startswith(f"{one}:") for w in run.missing)),
    )


def _arrays(need: Need[Any], told: Told, salt: str) -> Arrays:
    """Return what lies beside the account: names of rows, answers, flags, milliseconds."""
    found: dict[str, NDArray[Any] | None] = {}
    if told.run is not None:
        output = told.run.output
        found = {"used": output.used, "classes": output.classes}
        if isinstance(need, Answered) and told.questions and output.predicted is not None:
            names = row_ids(salt, need.dataset.digest, told.questions.rows)
            found |= {"asked": names[told.questions.row_at], "predicted": output.predicted}
            found["scores"] = output.scores
    if told.timings is not None:
        found = {"challenger": told.timings.challenger, "champion": told.timings.champion}
    return {name: array for name, array in found.items() if array is not None}
