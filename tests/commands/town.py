"""A town in which people command: one repository on a local forge, a policy without models."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.evaluate import carry
from bot.core.event import CommentCreated
from bot.core.lock import Artifact, Entry, Lineage, Model
from bot.core.lockfile import dump
from bot.core.order import Order, read
from bot.flow import Conclusion
from bot.world.commanding import Carried, carry_command
from bot.world.engineer import Engineer
from bot.world.here import Hosted
from bot.world.local_forge import LocalForge
from bot.world.repository import Repository
from bot.world.store import digest_of

POLICY = """\
models: [credit]
ladder: [production]
gates:
  production:
    - artifact
    - lineage: {{require: [code]{hard}}}
  registration: [artifact]
  opening: [artifact]
promotion: {{merge: {merge}}}
{more}
"""
CODE = "https://example.org/acme/train@" + "1f3c" * 10
NOW = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)


@dataclass
class Town:
    """ana proposes, ben and cleo may write, eve may only read; version 2 states no code."""

    folder: Path
    merge: str = "auto"
    hard: bool = False
    more: str = ""
    owners: str = ""
    said: list[Carried] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.forge = LocalForge.create(self.folder / "forge", slug="local/credit")
        self.forge.grant("eve", "read")
        self.forge.grant("tom", "triage")
        self.ana = Engineer.joins("ana", self.folder / "clone", self.forge)
        source = self.folder / "source"
        (source / "models").mkdir(parents=True)
        for version in "123":
            (source / f"models/{version}.onnx").write_text(f"model {version}")
        (source / "credit.yaml").write_text(self.policy())
        (source / "CODEOWNERS").write_text(self.owners)
        files = {"models": source / "models", "policies/credit.yaml": source / "credit.yaml"}
        if self.owners:
            files["CODEOWNERS"] = source / "CODEOWNERS"
        self.ana.commits(files, dump({}), "Begin")

    def policy(self) -> str:
        hard = ", hard: true" if self.hard else ""
        return POLICY.format(merge=self.merge, hard=hard, more=self.more)

    def promote(self, version: str, *, code: str | None = None) -> int:
        """Open ana's pull request that registers a version and lets it serve."""
        uri = f"models/{version}.onnx"
        digest = digest_of(self.ana.clone / uri).digest
        artifact = Artifact(uri=uri, digest=digest, flavor="onnx")
        entry = Entry(artifact=artifact, lineage=Lineage(code=code))

        def edit(models: dict[str, Model]) -> dict[str, Model]:
            before = models.get("credit")
            versions = {**(before.versions if before else {}), version: entry}
            return {**models, "credit": Model(versions=versions, stages={"production": version})}

        return self.ana.proposes(f"promote-{version}", f"Promote {version}", edit).number

    @property
    def repository(self) -> Repository:
        return Repository.create(self.folder / "bot", self.forge.git_environment())

    def judge(self, number: int) -> Conclusion:
        """Let the bot carry one pull request."""
        world = Hosted(forge=self.forge, repository=self.repository, cache=self.folder / "cache")
        return carry(number, world)

    def comment(self, who: str, text: str, number: int = 1) -> CommentCreated:
        """Write a comment; the event says so."""
        said = self.forge.acting_as(who).say(number, text)
        return CommentCreated(
            number=number,
            comment=said.id,
            author=who,
            by_bot=who.endswith("[bot]"),
            body=text,
            url=said.url,
        )

    def carry(self, event: CommentCreated, now: datetime | None = None) -> Carried:
        """Deliver an event."""
        return carry_command(event, self.forge, self.repository, now=now)

    def says(self, who: str, text: str, number: int = 1) -> Carried:
        """Write a comment, carry its command, and judge when that is due."""
        done = self.carry(self.comment(who, text, number))
        if done.evaluate:
            self.judge(number)
        return done

    def reactions(self, event: CommentCreated) -> list[str]:
        return [how for _, how in self.forge.reactions(event.number, event.comment)]

    def reaction(self, number: int = 1) -> str:
        """The last reaction to the last comment that has one."""
        remarks = self.forge._folder.dossier(number).remarks
        return next((r.reactions[-1][1] for r in reversed(remarks) if r.reactions), "")

    def replies(self, number: int = 1) -> list[str]:
        return [one.body for one in self.forge.reports(number, "<!-- lockstep:reply:")]

    def report(self, number: int = 1) -> str:
        (only,) = self.forge.reports(number, "<!-- lockstep:report:")
        return only.body

    def status(self, number: int = 1) -> str:
        head = self.forge.pull_request(number).head_sha
        said = self.forge.status(head, "lockstep/gate: main")
        return f"{said.state}: {said.description.rsplit(' @', 1)[0]}" if said else ""

    def head(self, number: int = 1) -> str:
        return self.forge.pull_request(number).head_sha

    def landed(self, number: int = 1) -> str | None:
        return self.forge.pull_request(number).merged_as

    def orders(self, number: int = 1) -> list[Order]:
        """What is stored, oldest comment first."""
        bare = Repository(self.folder / "forge/repository.git")
        tip = bare.resolve("lockstep/audit")
        found = [] if tip is None else bare.tree(tip, f"orders/{number}/")
        orders = (read(bare.run("cat-file", "blob", oid)) for _, oid, _, _ in found)
        return sorted(orders, key=lambda order: order.comment)

    def message(self, commit: str) -> str:
        bare = Repository(self.folder / "forge/repository.git")
        return bare.run("log", "-1", "--format=%B", commit).decode()

    def push_to_main(self, path: str, text: str) -> None:
        """Change a file of the base branch."""
        self.ana.pulls()
        (self.ana.clone / path).write_text(text)
        self.ana._git("add", "--all")
        self.ana._git("commit", "--quiet", "-m", f"change {path}")
        self.ana._git("push", "--quiet", "origin", "main")
