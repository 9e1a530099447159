"""What `lockstep init --github` writes into a repository, and the clicks that are left."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.cli.worktree import Worktree
    from bot.world.github_workflows import Identity

OWNER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9_-]{0,99}(/[A-Za-z0-9._-]{1,100})?|[^@\s]+@[^@\s]+")
BRANCH = re.compile(r"(?!-)[A-Za-z0-9._/+!#-]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asked for."""

    action: str | None
    branch: str | None
    identity: Identity
    owners: tuple[str, ...]
    extras: tuple[str, ...]
    force: bool


def write_github(worktree: Worktree, wanted: Wanted) -> None:
    """Write the workflows and the lines of CODEOWNERS, and say what is left to click.

    Raises:
        ForbiddenChange: a file is there with another text, and it was not to be replaced.
        UnsafeFile: a file would be written through a symlink.
        NotARepository: it cannot be known which action to pin.
        click.UsageError: an option cannot be right.
    """
    from bot.world.github_files import workflow_files

    branch = wanted.branch or _default_branch(worktree)
    known = BRANCH.fullmatch(branch) and worktree.asked("check-ref-format", "--branch", branch)
    if not known:
        raise click.UsageError(f"{branch!r} is no branch; name the default one with --branch")
    action = _action(worktree, wanted.action)
    extras = sorted(set(wanted.extras))
    files = workflow_files(action, branch=branch, identity=wanted.identity, extras=extras)
    files |= _owners(worktree.root, wanted.owners)
    _refuse_differing(worktree.root, files, force=wanted.force)
    for path, text in files.items():
        same = _read(worktree.root / path) == text
        if not same:
            _write(worktree.root / path, text)
        click.echo(f"{'kept' if same else 'wrote'} {path}")
    click.echo(_next(worktree, wanted, branch, files))


def _action(worktree: Worktree, named: str | None) -> str:
    """Take the action that was named, or this Lockstep's own."""
    import bot
    from bot.cli.worktree import Worktree as Clone
    from bot.world.github_files import PIN
    from bot.world.github_pin import own_pin
    from bot.world.github_workflows import HERE

    if named is None:
        home = Path(bot.__file__).parents[1]
        return own_pin(Clone(home, worktree.repository).asked)
    if named == HERE and not (worktree.root / "action.yml").is_file():
        raise click.UsageError("--action ./ is for the repository that holds Lockstep's action.yml")
    if named != HERE and not PIN.fullmatch(named):
        raise click.UsageError(
            f"--action {named!r} is no pin; write OWNER/REPO@COMMIT with all 40 digits: "
            "a tag or a branch can be moved to other code"
        )
    return named


def _default_branch(worktree: Worktree) -> str:
    """Name the branch that production follows, as far as the clone knows."""
    told = worktree.asked("symbolic-ref", "--short", "refs/remotes/origin/HEAD")
    if told is not None:
        return told.removeprefix("origin/")
    return worktree.asked("symbolic-ref", "--short", "HEAD") or "main"


def _owners(root: Path, owners: tuple[str, ...]) -> dict[str, str]:
    """Return the file of owners with the lines it lacks, or nothing."""
    from bot.world.github_files import OWNER_FILES, owner_lines

    wrong = [owner for owner in owners if not OWNER.fullmatch(owner)]
    if wrong:
        raise click.UsageError(f"--owner {wrong[0]!r} is no owner; write @USER or @ORG/TEAM")
    if not owners:
        return {}
    path = next((name for name in OWNER_FILES if (root / name).is_file()), OWNER_FILES[0])
    text = _read(root / path) or ""
    lines = owner_lines(text, owners, path)
    gap = "" if not text or text.endswith("\n") else "\n"
    return {path: f"{text}{gap}{lines}"} if lines else {}


def _refuse_differing(root: Path, files: Mapping[str, str], *, force: bool) -> None:
    """Refuse at once, before anything is written, whatever would be lost."""
    from bot.core.errors import ForbiddenChange, Problem, UnsafeFile
    from bot.world.github_files import OWNER_FILES

    linked = [path for path in files if _through_symlink(root, Path(path))]
    if linked:
        raise UnsafeFile(
            *(
                Problem(what="it is reached by a symlink", remedy="make it a plain file", file=path)
                for path in linked
            )
        )
    differing = [
        path
        for path, text in files.items()
        if path not in OWNER_FILES and _read(root / path) not in {None, text}
    ]
    if differing and not force:
        raise ForbiddenChange(
            *(
                Problem(
                    what="it is there already with another text",
                    remedy="compare it, or let it be replaced: --force",
                    file=path,
                )
                for path in differing
            )
        )


def _through_symlink(root: Path, path: Path) -> bool:
    return any((root / part).is_symlink() for part in (path, *path.parents))


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise click.FileError(str(path), hint=str(error)) from None


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(path), hint=error.strerror) from None


def _next(worktree: Worktree, wanted: Wanted, branch: str, files: Mapping[str, str]) -> str:
    """Say what is left, in the order it is clicked; docs/github.md says each at length."""
    from bot.cli.forges import named_on_github

    slug = named_on_github(None, worktree.origin) or "OWNER/REPO"
    folders = " ".join(sorted({path.rsplit("/", 1)[0] for path in files}))
    steps = [] if wanted.owners else ["the same line with --owner @ORG/TEAM  # who owns the bar"]
    steps += [
        f"git add {folders}",
        f'git commit -m "Let Lockstep judge promotions" && git push origin {branch}',
    ]
    if wanted.identity == "app":
        steps.append("make a GitHub App, install it here, note its App ID  # docs/github.md")
    app = " --app ID" if wanted.identity == "app" else ""
    steps += [
        'export GH_TOKEN="$(gh auth token)"  # the doctor sees what you may see',
        f"lockstep doctor --fix --repo {slug}{app}  # environments, rulesets, settings of Actions",
    ]
    if wanted.identity == "app":
        steps += [
            f"gh {kind} set {name} --repo {slug} --env {environment} {value}"
            for environment in ("lockstep", "lockstep-merge")
            for kind, name, value in (
                ("variable", "LOCKSTEP_APP_ID", "--body ID"),
                ("secret", "LOCKSTEP_APP_PRIVATE_KEY", "< KEY.pem"),
            )
        ]
    steps.append(f"lockstep doctor --repo {slug}{app}  # what is still missing")
    return "next:\n" + "\n".join(f"  {place}. {step}" for place, step in enumerate(steps, 1))
