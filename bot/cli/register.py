"""`lockstep register`: add a version to the lock, hashed now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bot.cli.arguments import LINE, MODEL, STAGE, VERSION, Instant, Matching, proposal_options

if TYPE_CHECKING:
    from datetime import datetime

    from bot.cli.bench import Bench
    from bot.core.lock import Entry, Lineage

CODE = Matching("commit", r"[^\x00-\x1f\x7f]{1,450}@[0-9a-f]{40}", "write REPO@ and 40 hex digits")
FLAVORS = ("onnx", "skops", "xgboost", "lightgbm", "joblib", "pickle", "mlflow", "runner")


def _pairs(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Read `k=v`; a name that is given twice is refused."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and name.isprintable() and value.isprintable()):
            raise click.BadParameter(f"{text!r} is no name=value")
        if name in found:
            raise click.BadParameter(f"{name} is given twice")
        found[name] = value
    return found


@click.command(
    "register",
    epilog="Example: lockstep register credit-risk 4 --artifact models/4.skops "
    "--data data/train.parquet --requirements requirements.txt --stage staging --pr",
    short_help="Add a version to the lock.",
)
@click.argument("model", type=MODEL)
@click.argument("version", type=VERSION)
@click.option("--artifact", type=LINE, metavar="PATH|URI", required=True, help="The model's bytes.")
@click.option("--flavor", type=click.Choice(FLAVORS), help="Default: told by the file's name.")
@click.option("--module", metavar="M", help="Flavor runner: what predicts.  Default: model.")
@click.option(
    "--code", type=CODE, metavar="REPO@SHA", help="Default: origin at HEAD, when that is clean."
)
@click.option("--data", type=LINE, metavar="PATH|sha256:…", help="The training data.")
@click.option("--manifest", type=LINE, metavar="PATH|URI", help="The rows it was trained on.")
@click.option("--requirements", type=LINE, metavar="PATH", help="Its pinned requirements file.")
@click.option(
    "--parameter", "parameters", multiple=True, callback=_pairs, metavar="K=V", help="Repeatable."
)
@click.option("--parent", type=VERSION, help="The version it was derived from.")
@click.option("--created", type=Instant(), metavar="MOMENT", help="When it was trained, or `now`.")
@click.option("--stage", type=STAGE, help="Ask for this stage in the same edit.")
@click.option("--incomplete", is_flag=True, help="Register although the policy's lineage lacks.")
@proposal_options
def command(
    *,
    model: str,
    version: str,
    stage: str | None,
    pr: bool,
    as_json: bool,
    forge: str | None,
    repo: str | None,
    incomplete: bool,
    **facts: Any,
) -> None:
    """Add VERSION to MODEL in models.lock, with the digests its bytes have now.

    MODEL is created when it is new.  A version is immutable: to change it, register another.
    """
    from bot.cli.bench import Bench, Change, report
    from bot.cli.edit import registered

    bench = Bench.here(pr=pr, forge=forge, repo=repo)
    draft = bench.draft(model)
    policy = bench.policy(model) if stage else None
    if policy and stage:
        bench.stage(policy, stage)
    # Refused before long work, with an entry that stands in for the real one.
    registered(draft, version, _stand_in())
    entry = _entry(bench, **facts)
    _refuse_what_lacks(bench, model, entry.lineage, incomplete=incomplete)
    edited = registered(draft, version, entry)
    title = f"Register {model} {version}"
    if stage:
        edited = edited.model_copy(update={"stages": {**edited.stages, stage: version}})
        title = f"Register and promote {model} {version} to {stage}"
    change = Change(draft=draft, model=edited, title=title, words=(model, version, stage or ""))
    pull = bench.land(change, policy)
    artifact = entry.artifact.model_dump(exclude_none=True)
    report(change, pull, as_json=as_json, version=version, stage=stage, artifact=artifact)


def _entry(
    bench: Bench, *, artifact: str, flavor: str | None, module: str | None, **facts: Any
) -> Entry:
    """Hash everything that is named and write the entry.

    Raises:
        click.UsageError: a fact has not the form that a lock takes.
        CannotBeHad, UnsafeFile, NotARepository: something cannot be hashed or fetched.
    """
    from pydantic import ValidationError

    from bot.cli.making import flavor_of, weigh
    from bot.core.errors import Fault
    from bot.core.lock import Artifact, Entry

    told = flavor_of(artifact, flavor)
    if module is not None and told != "runner":
        raise click.UsageError("--module goes with --flavor runner, and with nothing else")
    weighed = weigh(bench.worktree, artifact, Fault.ARTIFACT_UNREACHABLE)
    try:
        return Entry(
            artifact=Artifact.model_validate(
                {
                    "uri": weighed.uri,
                    "digest": weighed.weight.digest,
                    "flavor": told,
                    "module": module,
                }
            ),
            lineage=_lineage(bench, (weighed.uri,), **facts),
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise click.UsageError(
            f"{where} cannot be {str(first['input'])[:80]!r} in a lock"
        ) from None


def _lineage(
    bench: Bench,
    named: tuple[str, ...],
    *,
    code: str | None,
    data: str | None,
    manifest: str | None,
    requirements: str | None,
    parameters: dict[str, str],
    parent: str | None,
    created: datetime | None,
) -> Lineage:
    from bot.cli.making import code_of, data_digest, require_committed, weigh
    from bot.core.errors import Fault
    from bot.core.lock import Lineage, Manifest

    if code is None:
        code, reason = code_of(bench.worktree)
        if code is None:
            click.echo(f"the code is not stated: {reason}", err=True)
    rows = weigh(bench.worktree, manifest, Fault.MANIFEST_MISSING) if manifest else None
    pinned = None
    if requirements:
        pinned = weigh(bench.worktree, requirements, Fault.DATA_UNREACHABLE)
    if bench.forge is not None and bench.commit is not None:
        uris = [*named, *(one.uri for one in (rows, pinned) if one)]
        for uri in uris:
            require_committed(bench.worktree, bench.commit, uri)
    return Lineage(
        code=code,
        data=data_digest(data),
        manifest=Manifest(uri=rows.uri, digest=rows.weight.digest) if rows else None,
        environment=pinned.weight.digest if pinned else None,
        requirements=pinned.uri if pinned else None,
        parameters=parameters or None,
        created=created,
        parent=parent,
    )


def _refuse_what_lacks(bench: Bench, model: str, lineage: Lineage, *, incomplete: bool) -> None:
    """Refuse a version that the policy would never let pass, since a version never changes.

    Raises:
        ForbiddenChange: a lineage gate requires a part that is not stated.
    """
    from bot.core.errors import ForbiddenChange, Problem

    lacking = {
        asked.place: [part for part in asked.gate.require if not getattr(lineage, part)]
        for asked in _lineage_gates(bench, model)
    }
    problems = [
        Problem(
            what=f"{place}: the lineage must state {', '.join(parts)}",
            remedy="give it now, since a version never changes, or add --incomplete",
        )
        for place, parts in lacking.items()
        if parts
    ]
    if problems and not incomplete:
        raise ForbiddenChange(*problems)
    for problem in problems:
        click.echo(problem.what, err=True)


def _lineage_gates(bench: Bench, model: str) -> list[Any]:
    """List the lineage gates of the committed policy; none when no policy can be read yet."""
    from bot.core.errors import Refusal

    try:
        policy = bench.policy(model)
    except Refusal:
        return []
    return [asked for asked in policy.every_gate() if asked.name == "lineage"]


def _stand_in() -> Entry:
    from bot.core.lock import Artifact, Entry

    nothing = f"sha256:{'0' * 64}"
    return Entry(artifact=Artifact(uri="none", digest=nothing, flavor="onnx"))
