"""Whether the policies of a commit are those that judged: the same files for the same models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.errors import Refusal
from bot.core.policyfile import FOLDER, parse_policies
from bot.core.record import digest_of
from bot.gates import GATES
from bot.world.reading import MOST_POLICY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.world.repository import Repository


def policies_at(repository: Repository, commit: str) -> Mapping[str, bytes] | None:
    """Read the policy files of a commit; None when one of them is no plain file."""
    try:
        return repository.files(commit, FOLDER, suffix=".yaml", most=MOST_POLICY)
    except Refusal:
        return None


def judged_by(record: Mapping[str, Any], files: Mapping[str, bytes] | None) -> bool:
    """Tell whether files hold, for the models of a record, exactly the policies that it names.

    A policy of other models may have changed; one that now covers one of these as well may not.
    """
    named: Mapping[str, str] = record.get("policies", {})
    if files is None or any(digest_of(files.get(path, b"")) != named[path] for path in named):
        return False
    try:
        others = parse_policies({path: files[path] for path in files.keys() - named}, GATES)
    except Refusal:
        return False
    models = models_of(record)
    return not any(policy.covers(model) for policy in others for model in models)


def models_of(record: Mapping[str, Any]) -> frozenset[str]:
    """Name the models that a record is about."""
    lines = (
        line
        for judgement in record.get("judgements", ())
        for line in judgement["transition"]["about"]
    )
    return frozenset(line.removeprefix("Model: ") for line in lines if line.startswith("Model: "))
