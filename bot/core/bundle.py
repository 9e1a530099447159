"""What crosses from the job where models ran: an account of numbers and enums, beside arrays.

Nothing in it is text of a model's making, and nothing in it is believed because it says so:
a question is named by the digest of its canonical JSON, an artifact by what was measured.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.core.lock import Artifact, Digest
from bot.core.plainjson import NotPlain, read_json
from bot.core.policy import ArtifactRules, Dataset, Layer, SandboxRules
from bot.core.questions import Answered, Loaded, Scanned, Timed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.core.evidence import Need

RUN = "run.json"
MOST_RUN = 64 * 1024
MOST_FACTS = 96
MODELS = (Answered, Loaded, Timed)
"""The questions that a model has to run for."""
KINDS: Mapping[str, Callable[..., Need[Any]]] = {
    kind.__name__: kind for kind in (*MODELS, Scanned)
}
_VALUES: Mapping[str, type[Artifact | ArtifactRules | SandboxRules | Dataset]] = {
    "artifact": Artifact,
    "challenger": Artifact,
    "champion": Artifact,
    "artifacts": ArtifactRules,
    "rules": ArtifactRules,
    "sandbox": SandboxRules,
    "dataset": Dataset,
}
_DEEPEST = 6
Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
Held = Annotated[
    str,
    StringConstraints(pattern=r"^(namespaces|rlimits|no_new_privs|seccomp|landlock[0-9]{1,2})$"),
]
Seconds = Annotated[float, Field(ge=0, le=1e6)]
Count = Annotated[int, Field(ge=0, le=10**15)]


class NotABundle(Exception):  # noqa: N818 -- named as the sentence reads
    """A bundle is not what a job of ours leaves; the message says why and quotes nothing."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Account(_Strict):
    """One run of a model, in the numbers of `bot.runner.numbers` and of its parent."""

    stage: Annotated[int, Field(ge=0, le=4)]
    exception: Annotated[int, Field(ge=-1, le=999)]
    load_seconds: Seconds
    predict_seconds: Seconds
    peak_bytes: Count
    warnings: Count
    unknown_features: Count
    unknown_classes: Count
    code: Annotated[int, Field(ge=-255, le=255)]
    """Exit code; negative for the signal that ended it."""
    seconds: Seconds
    timed_out: bool
    overflowed: bool
    layers: Annotated[tuple[Held, ...], Field(max_length=5)]
    missing: Annotated[tuple[Layer, ...], Field(max_length=6)]


class Lost(_Strict):
    """A model that did not take part in its timing to the end, or answered otherwise."""

    role: Literal["challenger", "champion"]
    late: bool
    exception: Annotated[int, Field(ge=-1, le=999)]
    wrong: Count
    """Requests that were answered otherwise than the same rows before."""


class Found(_Strict):
    """What came of one question; its arrays lie beside it, named by its place."""

    question: Hex
    artifact: Digest
    """As the parent of the run measured it."""
    champion: Digest | None = None
    fault: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]{3,40}$")] | None = None
    """Why nothing ran, by the name in the closed list of faults."""
    run: Account | None = None
    lost: Lost | None = None
    repeated: Count = 0


class Run(_Strict):
    """The whole account of the job."""

    format: Literal[1]
    lockstep: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.+-]{1,40}$")]
    head: Commit | None
    base: Commit | None
    """None: there was nothing to judge when the job looked."""
    salt: Hex
    """Key of the opaque row ids; every bundle has its own."""
    found: Annotated[tuple[Found, ...], Field(max_length=MOST_FACTS)]


def read_run(text: bytes) -> Run:
    """Read the account of a job.

    Raises:
        NotABundle: it is not as a job of this version writes it.
    """
    try:
        read_json(text, most=MOST_RUN, deepest=_DEEPEST)
        return Run.model_validate_json(text)
    except NotPlain as error:
        raise NotABundle(f"{RUN} cannot be read: {error}") from None
    except ValidationError as error:
        # The schema's own words, which quote nothing of what was found.
        kinds = sorted({str(one["type"]).replace("_", " ") for one in error.errors()})
        raise NotABundle(f"{RUN} is not what the schema says: {', '.join(kinds[:3])}") from None


def asked(need: Need[Any]) -> dict[str, Any]:
    """Write a question as JSON values."""
    written: dict[str, Any] = {"question": type(need).__name__}
    for field in fields(need):  # type: ignore[arg-type]  # every need is a dataclass
        value = getattr(need, field.name)
        written[field.name] = (
            value.model_dump(mode="json") if field.name in _VALUES and value else value
        )
    return written


def need_of(written: Mapping[str, Any]) -> Need[Any]:
    """Read a question that `asked` wrote."""
    values = {
        name: _VALUES[name].model_validate(value) if name in _VALUES and value else value
        for name, value in written.items()
        if name != "question"
    }
    return KINDS[written["question"]](**values)


def key(need: Need[Any]) -> str:
    """Name a question by the digest of its canonical JSON."""
    import rfc8785

    return hashlib.sha256(rfc8785.dumps(asked(need))).hexdigest()
