"""The stage of the demo: sets up the example's repository, plays each chapter, and narrates."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from bot.cli.evaluate import carry
from bot.cli.outcome import progress, write_page
from bot.cli.story import CHAPTERS, FOLDER, MARKER, MODEL, ROLLBACK, entry, files, promoted
from bot.core.lockfile import dump
from bot.report.terminal import show
from bot.world.engineer import Engineer
from bot.world.here import Hosted
from bot.world.local_forge import LocalForge
from bot.world.repository import Repository

if TYPE_CHECKING:
    from bot.cli.story import Chapter
    from bot.flow import Conclusion
    from bot.world.forge import PullRequest


def checkout() -> Path:
    """Find the example: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    return package if (package / FOLDER).is_dir() else package.parent


@dataclass
class Stage:
    """One performance in one folder."""

    folder: Path
    console: Console = field(default_factory=Console)
    landed: dict[str, str] = field(default_factory=dict)
    """The commit each version landed as."""

    def play(self) -> None:
        """Play every chapter, then the rollback, then say where to look."""
        began = time.monotonic()
        forge = LocalForge.create(self.folder / "forge", slug="local/flights")
        ana = Engineer.joins("ana", self.folder / "clone", forge)
        ana.commits(files(checkout()), dump({}), "Guard flight-delay by policy")
        clone = Repository.create(self.folder / "bot", forge.git_environment())
        world = Hosted(forge=forge, repository=clone, cache=self.folder / "cache", say=progress())
        self._opens()
        for number, chapter in enumerate(CHAPTERS, start=1):
            self._chapter(number, chapter, ana, world)
        self._rollback(ana, world)
        self._ends(ana, time.monotonic() - began)

    def _opens(self) -> None:
        words = (
            "[bold]Lockstep[/bold] promotes models by pull request. This plays six of them here:\n"
            "a bare git repository stands in for GitHub, and everything else is real.\n"
            "The model says, when a flight leaves New York, whether it will arrive late.\n"
            f"Policy and example: policies/{MODEL}.yaml, {FOLDER}/"
        )
        self.console.print(Panel(Text.from_markup(words), expand=False))

    def _chapter(self, number: int, chapter: Chapter, ana: Engineer, world: Hosted) -> None:
        self._heading(number, chapter.title, chapter.tells)
        described = entry(ana.clone / FOLDER, chapter.version)
        pull = ana.proposes(
            f"promote-{chapter.version}",
            f"Promote {MODEL} {chapter.version}",
            lambda models: promoted(models, chapter.version, described),
        )
        conclusion = self._judge(pull, ana, world)
        self._expect(chapter.ruling, conclusion)
        if chapter.version == "5":
            self._contain(ana)
        if conclusion.decision.ruling.value == "merge":
            self.landed[chapter.version] = ana.pulls()

    def _judge(self, pull: PullRequest, ana: Engineer, world: Hosted) -> Conclusion:
        self.console.print(
            f"[dim]pull request {pull.number} by {pull.author} changes models.lock:[/dim]"
        )
        lines = [
            line
            for line in ana.diff().splitlines()
            if line[:1] in "+-" and line[:3] not in ("+++", "---")
        ]
        self.console.print(
            Syntax("\n".join(lines), "diff", background_color="default", word_wrap=False)
        )
        conclusion = carry(pull.number, world)
        show(conclusion.report.view, self.console)
        reports = self.folder / "reports"
        reports.mkdir(exist_ok=True)
        write_page(conclusion, reports / f"{pull.number}.html", dict(world.templates))
        (reports / f"{pull.number}.md").write_text(conclusion.report.comment, encoding="utf-8")
        self._landing(pull.number, world)
        return conclusion

    def _landing(self, number: int, world: Hosted) -> None:
        """Say what became of the request, and what git will remember of it."""
        landed = world.forge.pull_request(number).merged_as
        if landed is None:
            self.console.print(Text(f"✗ request {number} stays open; nothing landed", style="red"))
            return
        message = world.repository.run("log", "-1", "--format=%B", landed).decode().strip()
        self.console.print(Text(f"✓ landed as {landed[:10]}, and git remembers:", style="green"))
        self.console.print(Text(message, style="dim"))

    def _contain(self, ana: Engineer) -> None:
        """Load the hostile pickle as a policy that allows pickles would, and show what it got."""
        from bot.core.policy import ArtifactRules, SandboxRules
        from bot.world.predict import load_only
        from bot.world.sandbox import probed

        artifact = entry(ana.clone / FOLDER, "5").artifact
        rules = ArtifactRules(flavors=("joblib",))
        logs = self.folder / "logs"
        sandbox = replace(probed(), logs=logs)
        os.environ.setdefault("GITHUB_TOKEN", "a token for the model to look for")
        load_only(ana.clone / artifact.uri, artifact, rules, SandboxRules(), sandbox)
        said = " ".join(path.read_text(errors="replace").strip() for path in logs.glob("*.log"))
        escaped = "present" in said or "reached" in said or (Path.home() / MARKER).exists()
        if escaped:
            raise click.ClickException(f"the sandbox did not contain version 5: {said}")
        words = (
            f"It was not loaded. To show what would have held it, the bot loads it now, with a "
            f"token in its own environment, in the sandbox ({', '.join(sandbox.layers)}). The file "
            "says what it got; what it wrote was scratch that is gone, and none of this reaches a "
            "report:"
        )
        self.console.print(Text(words, style="dim"))
        self.console.print(Text(said, style="yellow"))
        reading = (
            "Token absent: it saw none. Socket refused: it reached nobody. Marker written: into "
            "scratch that is gone. Its PASSED is only its own word."
        )
        self.console.print(Text(reading, style="dim"))

    def _rollback(self, ana: Engineer, world: Hosted) -> None:
        self._heading(len(CHAPTERS) + 1, "Rollback is git revert", ROLLBACK)
        commit = self.landed["2"]
        self.console.print(f"[dim]$ git revert {commit[:10]}[/dim]")
        pull = ana.reverts(commit, "revert-2", f"Revert the promotion of {MODEL} 2")
        self._expect("merge", self._judge(pull, ana, world))
        ana.pulls()

    def _heading(self, number: int, title: str, tells: str) -> None:
        self.console.rule(f"[bold]{number}. {title}")
        self.console.print(Text(tells, style="italic"))

    def _expect(self, ruling: str, conclusion: Conclusion) -> None:
        found = conclusion.decision.ruling.value
        if found != ruling:
            raise click.ClickException(
                f"the story expected the bot to {ruling} and it decided to {found}: "
                f"{conclusion.decision.because}"
            )

    def _ends(self, ana: Engineer, seconds: float) -> None:
        from bot.cli.log import command as log

        self.console.rule("[bold]What git knows now")
        self.console.print(f"[dim]$ lockstep log {MODEL}[/dim]")
        os.chdir(ana.clone)
        log.main(args=[MODEL], prog_name="lockstep log", standalone_mode=False)
        self.console.print(
            Panel(
                Text(
                    f"{seconds:.0f} s. Where to look, below {self.folder}:\n"
                    "  clone/     a clone: git log, lockstep status, lockstep check\n"
                    "  reports/   the comments, as Markdown and as pages\n"
                    "  forge/     pull requests, comments and statuses of the stand-in for GitHub\n"
                    "  forge/repository.git, branch lockstep/audit: one record for each decision"
                ),
                expand=False,
            )
        )
