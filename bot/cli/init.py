"""`lockstep init`: write a first lock and policy."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.cli.arguments import LINE, MODEL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.cli.starting import Choices
    from bot.cli.worktree import Worktree
    from bot.core.policy import Dataset
    from bot.world.github_workflows import Identity

IDENTITIES = ("app", "token")
EXTRAS = ("http", "lightgbm", "onnx", "xgboost")
MERGES = ("auto", "approved", "manual")
TASKS = ("binary", "multiclass", "regression")


@click.command(
    "init",
    epilog="Example: lockstep init --model credit-risk --holdout data/holdout.parquet "
    "--target default --task binary --id customer_id",
    short_help="Write a first lock and policy.",
)
@click.option("--model", type=MODEL, help="Name of the first model.")
@click.option("--holdout", type=LINE, metavar="PATH", help="Rows to judge on: parquet or CSV.")
@click.option("--target", type=LINE, metavar="COLUMN", help="Column of the true answer.")
@click.option("--task", type=click.Choice(TASKS), help="What the model answers.")
@click.option("--id", "entity", type=LINE, metavar="COLUMN", help="Column that names the entity.")
@click.option("--time", type=LINE, metavar="COLUMN", help="Column of the moment it happened.")
@click.option("--slice", "slices", type=LINE, metavar="COLUMN", multiple=True, help="Repeatable.")
@click.option("--leakage", is_flag=True, help="Ask every version for its training rows.")
@click.option(
    "--merge", type=click.Choice(MERGES), default="approved", show_default=True, help="Who merges."
)
@click.option(
    "--forge", metavar="local:PATH", help="Make a forge in a folder; alone, write nothing else."
)
@click.option("--yes", is_flag=True, help="Ask nothing; what is missing is refused.")
@click.option("--github", is_flag=True, help="Write the workflows for GitHub; alone, nothing else.")
@click.option(
    "--action",
    metavar="OWNER/REPO@COMMIT",
    envvar="LOCKSTEP_ACTION",
    help="Action to use.  Default: $LOCKSTEP_ACTION, else this Lockstep.",
)
@click.option("--branch", type=LINE, help="Default branch on GitHub.  Default: as the clone knows.")
@click.option(
    "--identity",
    type=click.Choice(IDENTITIES),
    default="app",
    show_default=True,
    help="Who writes to GitHub: an app, or the workflow's own token.",
)
@click.option(
    "--owner",
    "owners",
    type=LINE,
    metavar="@ORG/TEAM",
    multiple=True,
    help="Owner of lock, policies and workflows.  Repeatable.",
)
@click.option(
    "--extra", "extras", type=click.Choice(EXTRAS), multiple=True, help="Library to install."
)
@click.option("--force", is_flag=True, help="With --github: replace files that differ.")
def command(
    *,
    model: str | None,
    holdout: str | None,
    target: str | None,
    task: str | None,
    entity: str | None,
    time: str | None,
    slices: tuple[str, ...],
    leakage: bool,
    merge: str,
    forge: str | None,
    yes: bool,
    github: bool,
    action: str | None,
    branch: str | None,
    identity: Identity,
    owners: tuple[str, ...],
    extras: tuple[str, ...],
    force: bool,
) -> None:
    """Write models.lock, a first policy and .gitattributes; nothing is overwritten.

    The policy is complete: it names the hold-out by digest, and its one constant is measured on
    it.  Read it, change what you know better, and commit it.

    With --github it writes the workflows that judge pull requests on GitHub, and with --owner
    the lines of CODEOWNERS; --force replaces workflows that differ.
    """
    from bot.cli.github_setup import Wanted, write_github
    from bot.cli.starting import Choices
    from bot.cli.worktree import Worktree

    ask = sys.stdin.isatty() and not yes
    worktree = Worktree.here()
    if forge is not None:
        _make_forge(worktree, forge)
        if model is holdout is target is None:
            return
    if github:
        asked_for = Wanted(
            action=action,
            branch=branch,
            identity=identity,
            owners=owners,
            extras=extras,
            force=force,
        )
        write_github(worktree, asked_for)
        if model is holdout is target is None:
            return
    name = model or _asked("--model", "Name of the first model", ask=ask)
    policy = worktree.root / "policies" / f"{name}.yaml"
    _refuse_existing(policy, worktree.root)
    rows = holdout or _asked("--holdout", "File of rows to judge on", ask=ask)
    column = target or _asked("--target", "Column of the true answer", ask=ask)
    kind = task or _asked("--task", f"Task ({', '.join(TASKS)})", ask=ask, one_of=TASKS)
    facts = {"target": column, "task": kind, "id": entity, "time": time, "slices": slices}
    dataset = _dataset(worktree, rows, facts)
    written = _policy(worktree, name, dataset, Choices(leakage=leakage, merge=merge))
    _write(worktree, policy, written)
    relative = policy.relative_to(worktree.root).as_posix()
    rows = " --manifest TRAINING-ROWS" if leakage else ""
    click.echo(
        f"next: read {relative}, then\n"
        f"  git add .gitattributes models.lock {relative} {dataset.uri}\n"
        f'  git commit -m "Judge {name} by its hold-out"\n'
        f"  lockstep register {name} 1 --artifact PATH{rows} --stage staging\n"
        "  lockstep check"
    )


def _make_forge(worktree: Worktree, named: str) -> None:
    """Make a forge in a folder, for the branch that is checked out; an existing one is kept."""
    from bot.cli.forges import create_local

    branch = worktree.asked("symbolic-ref", "--short", "HEAD") or "main"
    made = create_local(named, branch)
    click.echo(f"made a forge in {made.folder}; next:")
    click.echo(f"  git remote add origin {made.remote()}")
    click.echo(f"  git push origin {branch}")


def _asked(option: str, words: str, *, ask: bool, one_of: tuple[str, ...] = ()) -> str:
    if not ask:
        raise click.UsageError(f"{option} is missing; {words[0].lower()}{words[1:]}")
    kind = click.Choice(one_of) if one_of else (MODEL if option == "--model" else LINE)
    return str(click.prompt(words, type=kind))


def _refuse_existing(policy: Path, root: Path) -> None:
    from bot.core.errors import ForbiddenChange, Problem

    if policy.exists() or policy.is_symlink():
        raise ForbiddenChange(
            Problem(
                what="it is there already, and init overwrites nothing",
                remedy="edit it, or name another --model",
                file=policy.relative_to(root).as_posix(),
            )
        )


def _dataset(worktree: Worktree, rows: str, facts: Mapping[str, object]) -> Dataset:
    """Hash the hold-out.

    Raises:
        CannotBeHad: nothing is there.
        UnsafeFile: it is not a file of this repository.
    """
    from bot.cli.making import SCHEME, weigh
    from bot.core.errors import Fault
    from bot.core.policy import Dataset

    if SCHEME.match(rows):
        raise click.UsageError(
            "--holdout names a file of this repository; a remote one can replace it in the policy"
        )
    weighed = weigh(worktree, rows, Fault.DATA_UNREACHABLE)
    return Dataset.model_validate(
        {"uri": weighed.uri, "digest": weighed.weight.digest}
        | {name: fact for name, fact in facts.items() if fact}
    )


def _policy(worktree: Worktree, model: str, dataset: Dataset, choices: Choices) -> bytes:
    """Write the policy and read it back as the bot will.

    Raises:
        CannotBeHad: the hold-out cannot be judged on as it was described.
    """
    from bot.cli.making import CannotBeHad
    from bot.cli.starting import first_policy
    from bot.core.errors import Problem
    from bot.core.evidence import Absent
    from bot.core.policyfile import parse_policy
    from bot.gates import GATES
    from bot.world.holdout import read_holdout

    holdout = read_holdout(worktree.root / dataset.uri, dataset)
    if isinstance(holdout, Absent):
        what = holdout.reason.removeprefix(f"{dataset.uri}: ")
        problem = Problem(what=what, remedy=holdout.remedy, file=dataset.uri)
        raise CannotBeHad(problem, holdout.fault)
    today = datetime.now(UTC).date()
    text = first_policy(model, dataset, holdout, today, choices).encode()
    parse_policy(text, f"policies/{model}.yaml", GATES)
    return text


def _write(worktree: Worktree, policy: Path, text: bytes) -> None:
    """Write the three files; one that is there stays."""
    from bot.cli.attributes import add_attribute
    from bot.core.canonical import EMPTY

    try:
        policy.parent.mkdir(exist_ok=True)
        with policy.open("xb") as opened:
            opened.write(text)
    except OSError as error:
        raise click.FileError(str(policy), hint=error.strerror) from None
    click.echo(f"wrote policies/{policy.name}")
    if not worktree.lock.exists() and not worktree.lock.is_symlink():
        worktree.write_lock(EMPTY)
        click.echo("wrote models.lock")
    if add_attribute(worktree.root):
        click.echo("wrote .gitattributes; `lockstep merge-driver --install` makes git use it")
