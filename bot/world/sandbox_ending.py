"""Say in one plain sentence why a run gave no answers."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.runner.numbers import DONE, EXCEPTIONS, IMPORTING, LOADING, PREDICTING, STARTED

if TYPE_CHECKING:
    from bot.core.policy import SandboxRules
    from bot.runner.numbers import Numbers

_TOLERANCE = 0.5
_INSTEAD = "propose a version that answers within these limits, or raise them in the policy"
_WORDS = {
    "PermissionError": "tried something the sandbox forbids",
    "ModuleNotFoundError": "needs a library that is not installed here",
    "UntrustedTypesFoundException": "holds types that are not in the policy's `trusted` list",
    "WrongRows": "answered another number of rows than it was asked",
    "WrongClasses": "gives scores for another number of classes than the data have",
    "NoModel": "is nothing that can predict",
}
_TRY = "load it where it was trained with the same library versions, save it again and register it"

_SHAPES = ("ValueError", "TypeError", "KeyError", "InvalidArgument", "Fail")
_FEATURES = (
    "name the columns the model takes, in its order, under the dataset's `features:` in the "
    "policy; text columns do not fit into a matrix of numbers"
)
_REMEDIES = {
    "UntrustedTypesFoundException": "the `unsafe_code` gate names the types; "
    "add those you have reviewed to `trusted` in the policy",
    "PermissionError": "a model may read its own files and write to its working folder; "
    "leave out the rest",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a worker ended."""

    code: int
    """Its exit code; negative for the signal that ended it."""
    seconds: float
    """Wall-clock time, measured outside."""
    timed_out: bool
    overflowed: bool
    """It wrote more into its scratch than it may."""
    log: bytes = b""
    """The beginning of what it printed; stays on this machine."""


def stopped(ending: Ending, rules: SandboxRules) -> Absent | None:
    """Return why the parent stopped the run, or None when it ended by itself."""
    if ending.timed_out:
        reason = f"the model was not done after {rules.seconds:g} s and was stopped"
    elif ending.overflowed:
        reason = "the model wrote more into its scratch folder than it may and was stopped"
    elif _signal(ending) == signal.SIGXCPU:
        reason = "the model used more processor time than it may and was stopped"
    else:
        return None
    return Absent(fault=Fault.LIMIT_EXCEEDED, reason=reason, remedy=_INSTEAD)


def failed(numbers: Numbers, ending: Ending, rules: SandboxRules, flavor: str) -> Absent | None:
    """Return why the run failed by its own account, or None when it succeeded."""
    if numbers.load_seconds + numbers.predict_seconds > ending.seconds + _TOLERANCE:
        return forged("the account of the run names more time than passed")
    if numbers.stage == DONE and numbers.exception < 0 and ending.code == 0:
        return None
    name = EXCEPTIONS[numbers.exception] if numbers.exception >= 0 else ""
    if name == "MemoryError":
        return Absent(
            fault=Fault.LIMIT_EXCEEDED,
            reason=f"the model needs more memory than the {rules.memory / 1e6:,.0f} MB it may use",
            remedy=_INSTEAD,
        )
    if numbers.stage == STARTED:
        return Absent(
            fault=Fault.SANDBOX_TOO_WEAK,
            reason="a layer of the sandbox did not hold when the worker put it on",
            remedy="see bot/runner/README.md for the layers, and what gives each of them",
        )
    if numbers.stage == IMPORTING and name in {"ImportError", "ModuleNotFoundError"}:
        return Absent(
            fault=Fault.FLAVOR_MISSING,
            reason=f"the library that opens {flavor} artifacts is not installed here",
            remedy=f"install it beside lockstep: pip install 'lockstep-bot[{flavor}]'",
        )
    fitting = _FEATURES if numbers.stage == PREDICTING and name in _SHAPES else _TRY
    absent = _by_stage(numbers, _how(name, ending), _REMEDIES.get(name, fitting))
    return replace(absent, fault=Fault.ROWS_MISMATCHED) if name == "WrongRows" else absent


def forged(what: str) -> Absent:
    """Return the reason for output that no worker of ours would have written."""
    return Absent(
        fault=Fault.FORGED_OUTPUT,
        reason=f"the model's output cannot be trusted: {what}",
        remedy="treat this artifact as hostile; nothing it wrote was used",
    )


def not_started() -> Absent:
    """Return the reason when the sandbox could not be built around this artifact."""
    return Absent(
        fault=Fault.SANDBOX_TOO_WEAK,
        reason="the sandbox did not start, so nothing was loaded",
        remedy="see bot/runner/README.md for the layers, and what gives each of them",
    )


def _signal(ending: Ending) -> int:
    if ending.code < 0:
        return -ending.code
    # bubblewrap and unshare pass a signal on as 128 + its number.
    return ending.code - 128 if ending.code > 128 else 0


def _how(name: str, ending: Ending) -> str:
    if name:
        return _WORDS.get(name, f"raised {name}")
    number = _signal(ending)
    if number in set(signal.Signals):
        return f"was ended by {signal.Signals(number).name}"
    return "ended without an account of its run"


def _by_stage(numbers: Numbers, how: str, remedy: str) -> Absent:
    if numbers.stage in {IMPORTING, LOADING}:
        return Absent(
            fault=Fault.MODEL_DOES_NOT_LOAD,
            reason=f"while loading, the model {how}",
            remedy=remedy,
        )
    during = "while predicting" if numbers.stage == PREDICTING else "at the end of its run"
    reason = f"{during}, the model {how}"
    if numbers.unknown_features:
        reason += f"; it asks for {numbers.unknown_features} features the hold-out does not have"
    return Absent(fault=Fault.MODEL_DOES_NOT_PREDICT, reason=reason, remedy=remedy)
