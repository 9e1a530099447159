"""Checks of committed files: who owns what, and the workflows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.core.owners import PLACES, owners_of
from bot.core.proposal import LOCK
from bot.world.doctor_diagnosis import Write, fine, unknown, warning, wrong
from bot.world.github_files import PIN, differing, workflow_files
from bot.world.github_settings import Unseen

if TYPE_CHECKING:
    from bot.world.doctor_app import Speaker
    from bot.world.doctor_diagnosis import Diagnosis, Mend

SHOWN = 4
_USES = re.compile(r"(?:^|[\s{,])uses:\s*['\"]?([^\s'\"#,}]+)")
_PINNED = re.compile(r"\./.*|docker://\S+@sha256:[0-9a-f]{64}|[^@]+@[0-9a-f]{40}")


def diagnose_owners(
    files: Mapping[str, bytes],
    policies: Sequence[str],
    errors: Sequence[Mapping[str, Any]] | Unseen,
    owner: str | None,
) -> Iterator[Diagnosis]:
    """Check that what decides about promotions belongs to somebody.

    Args:
        files: The CODEOWNERS files of the default branch, by path.
        policies: Paths of the policies.
        errors: What GitHub finds wrong with the file.
        owner: `@login` to name in a fix; None when that is for a person to say.
    """
    place = next((place for place in PLACES if place in files), None)
    path = place or PLACES[0]
    text = files[place].decode("utf-8", "replace") if place else ""
    guarded = (
        LOCK,
        *(policies or ("policies/model.yaml",)),
        ".github/workflows/lockstep.yml",
        path,
    )
    bare = [one for one in guarded if owners_of(files, one) is None]
    mends = _owning(path, text, owner, bare)
    lines = "`/models.lock`, `/policies/` and `/.github/`"
    if place is None:
        what = "there is no CODEOWNERS file, so nobody is asked about the lock and the policies"
        yield wrong("owners-file", what, f"commit {path} with owners for {lines}", *mends)
        return
    yield _errors(place, errors)
    if bare:
        more = f" and {len(bare) - SHOWN} more" if len(bare) > SHOWN else ""
        what = f"nobody owns {', '.join(bare[:SHOWN])}{more}"
        yield wrong("owners-cover", what, f"add owners for {lines} to {place}", *mends)
    else:
        yield fine("owners-cover", "the lock, the policies and the workflows have owners")


def _owning(path: str, text: str, owner: str | None, bare: Sequence[str]) -> tuple[Mend, ...]:
    """Give an owner to what has none; what belongs to somebody stays theirs."""
    lines = dict.fromkeys(_line(text, one) for one in bare if " " not in one)
    added = "".join(f"{line} {owner}\n" for line in lines if owner)
    if not added:
        return ()
    separated = text if not text or text.endswith("\n") else f"{text}\n"
    return (
        Write(path=path, text=separated + added, does=f"add owners to {path}", over=text or None),
    )


def _line(text: str, path: str) -> str:
    """Write the pattern for a file: its folder, unless somebody owns a part of that already."""
    folder, _, inside = path.partition("/")
    patterns = (line.split("#", 1)[0].split() for line in text.splitlines())
    parts = [words[0].strip("/") for words in patterns if len(words) > 1]
    shared = any(part == folder or part.startswith(f"{folder}/") for part in parts)
    return f"/{folder}/" if inside and not shared else f"/{path}"


def _errors(place: str, errors: Sequence[Mapping[str, Any]] | Unseen) -> Diagnosis:
    if isinstance(errors, Unseen):
        return unknown(
            "owners-file", f"GitHub does not say whether {place} is sound: {errors.because}"
        )
    if errors:
        first = errors[0]
        message = str(first.get("message", "")).strip().splitlines()[:1]
        said = (message or [str(first.get("kind", "unknown"))])[0][:160]
        what = f"GitHub cannot read {place}, line {first.get('line')}: {said}"
        return wrong("owners-file", what, "correct that line; it protects nothing as it is")
    return fine("owners-file", f"GitHub reads {place} without an error")


def diagnose_workflows(
    texts: Mapping[str, str], branch: str, action: str | None, speaker: Speaker
) -> Iterator[Diagnosis]:
    """Check the workflows of the default branch.

    Args:
        texts: Every file of `.github/workflows`, by path.
        branch: The default branch.
        action: `OWNER/REPO@<40 hex>` for a fix; None when it is not known.
        speaker: How the bot speaks.
    """
    action = _in_use(texts) or action
    ours = workflow_files(action or "./", branch=branch, identity=speaker.identity)
    odd = differing({path: texts.get(path) for path in ours}, branch=branch)
    missing = [path for path, said in odd.items() if said == "missing"]
    if missing:
        names = ", ".join(path.rsplit("/", 1)[1] for path in missing)
        # Before the first of them only a person knows whether there is to be an app.
        chosen = action and (len(missing) < len(ours) or speaker.app is not None)
        mends = [Write(path=p, text=ours[p], does=f"write {p}") for p in missing if chosen]
        pin = "" if action else " --action OWNER/REPO@COMMIT"
        remedy = f"run `lockstep init --github{pin}` in a clone, commit and push"
        yield wrong("workflows", f"there is no {names}", remedy, *mends)
    changed = [path for path, said in odd.items() if said != "missing"]
    if changed:
        names = ", ".join(path.rsplit("/", 1)[1] for path in changed)
        what = f"{names} is not as this version of Lockstep writes it"
        remedy = "compare with `lockstep init --github` in a scratch clone, and keep what you meant"
        yield warning("workflows", what, remedy)
    if not odd:
        yield fine("workflows", f"all {len(ours)} are as this version writes them")
    yield _pins(texts)


def _in_use(texts: Mapping[str, str]) -> str | None:
    """Name the pinned action that the workflows use beside GitHub's own, if there is one."""
    ours = (text for path, text in texts.items() if path.rsplit("/", 1)[1].startswith("lockstep"))
    used = [one for text in ours for one in _USES.findall(text) if PIN.fullmatch(one)]
    own = [one for one in used if not one.startswith("actions/")]
    return max(set(own), key=own.count) if own else None


def _pins(texts: Mapping[str, str]) -> Diagnosis:
    loose = [
        f"{path.rsplit('/', 1)[1]}: {used[:80]}"
        for path, text in sorted(texts.items())
        for used in _USES.findall(text)
        if not _PINNED.fullmatch(used)
    ]
    if not loose:
        return fine("workflow-pins", "every action is pinned to a commit")
    more = f" and {len(loose) - SHOWN} more" if len(loose) > SHOWN else ""
    what = f"whoever owns the tag decides what runs: {'; '.join(loose[:SHOWN])}{more}"
    return warning("workflow-pins", what, "pin each to a full commit id")
