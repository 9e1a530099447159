"""A repository on the test server that is as it should be; each test breaks one thing of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.core.canonical import EMPTY
from bot.world.doctor import examine
from bot.world.doctor_diagnosis import Level
from bot.world.doctor_scene import Scene
from bot.world.github_app import App, Installation
from bot.world.github_files import workflow_files
from bot.world.github_patience import Patience
from bot.world.github_settings import Settings
from bot.world.github_wire import Pace
from bot.world.github_zones import Zone
from bot.world.repository import Repository
from bot.world.store import Store
from bot.world.store_committed import Committed
from tests.forges.keys import APP, pair_of_keys, registered
from tests.forges.server.settings import Settings as Clicked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.world.doctor_diagnosis import Diagnosis
    from tests.forges.stand import Stand

NOW = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)
ACTION = f"lockstep-bot/lockstep@{'1f3c' * 10}"
OWNERS = "* @ana\n/models.lock @ana\n/policies/ @ana\n/.github/ @ana\n"
FAST = Pace(between_requests_s=None, between_writes_s=None)
STATUS = "lockstep/gate: main"
CODE = "required_status_checks"
REVIEW = {
    "dismiss_stale_reviews_on_push": True,
    "require_code_owner_review": True,
    "require_last_push_approval": True,
    "required_approving_review_count": 1,
    "required_review_thread_resolution": False,
}


def rules_of_main() -> list[dict[str, Any]]:
    """Write the rules of a healthy default branch."""
    check = {"context": STATUS, "integration_id": APP}
    strict = {"required_status_checks": [check], "strict_required_status_checks_policy": True}
    return [
        {"type": "deletion"},
        {"type": "non_fast_forward"},
        {"type": "required_linear_history"},
        {"type": "pull_request", "parameters": dict(REVIEW)},
        {"type": CODE, "parameters": strict},
    ]


def ruleset(identity: int, ref: str, rules: list[dict[str, Any]], *bypass: Any) -> dict[str, Any]:
    """Write a ruleset as the server keeps it."""
    return {
        "id": identity,
        "name": f"house {identity}",
        "target": "branch",
        "source_type": "Repository",
        "source": "acme/models",
        "enforcement": "active",
        "bypass_actors": list(bypass),
        "conditions": {"ref_name": {"include": [ref], "exclude": []}},
        "rules": rules,
    }


def clicked() -> Clicked:
    """Click everything as docs/github.md says."""
    bot = {"actor_id": APP, "actor_type": "Integration", "bypass_mode": "pull_request"}
    grown = [{"type": "deletion"}, {"type": "non_fast_forward"}]
    written = [{"type": "creation"}, {"type": "update"}]
    at = "2026-11-23T09:00:00Z"
    return Clicked(
        rulesets={
            1: ruleset(1, "~DEFAULT_BRANCH", rules_of_main(), bot),
            2: ruleset(2, "refs/heads/lockstep/audit", grown),
            4: ruleset(4, "refs/heads/lockstep/audit", written, {**bot, "bypass_mode": "always"}),
        },
        environments={name: environment(name) for name in ("lockstep", "lockstep-merge")},
        branches={name: [only_main()] for name in ("lockstep", "lockstep-merge")},
        secrets={
            "lockstep": {"LOCKSTEP_APP_PRIVATE_KEY"},
            "lockstep-merge": {"LOCKSTEP_APP_PRIVATE_KEY"},
        },
        variables={
            name: {"LOCKSTEP_APP_ID": str(APP)} for name in ("lockstep", "lockstep-merge")
        },
        actions={"enabled": True, "allowed_actions": "all", "sha_pinning_required": True},
        forks="all_external_contributors",
        runs={"lockstep-sweep.yml": at, "lockstep-main.yml": at},
    )


def environment(name: str, **more: Any) -> dict[str, Any]:
    """Describe an environment that only named branches may use."""
    url = f"https://github.com/acme/models/environments/{name}"
    return {
        "id": 1,
        "node_id": "RU52",
        "name": name,
        "url": url,
        "html_url": url,
        "created_at": "2026-11-23T09:00:00Z",
        "updated_at": "2026-11-23T09:00:00Z",
        "protection_rules": [],
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        **more,
    }


def only_main() -> dict[str, Any]:
    """Describe the one branch that may use an environment."""
    return {"id": 1, "node_id": "RU52", "name": "main", "type": "branch"}


@dataclass
class Ward:
    """A repository on the test server, what was clicked there, and the doctor."""

    stand: Stand
    folder: Path
    clicked: Clicked

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules of the default branch."""
        found: list[dict[str, Any]] = self.clicked.rulesets[1]["rules"]
        return found

    def rule(self, kind: str) -> dict[str, Any]:
        """The parameters of a rule of the default branch."""
        found: dict[str, Any] = next(r for r in self.rules if r["type"] == kind)["parameters"]
        return found

    def commit(self, files: Mapping[str, str | None]) -> None:
        """Commit files to the default branch, as an administrator might; None removes one."""
        git = self.stand.git
        git("fetch", "--quiet", "origin")
        git("checkout", "--quiet", "-B", "main", "origin/main")
        for name, text in files.items():
            place = self.stand.clone / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                place.unlink()
            else:
                place.write_text(text)
        git("add", "--all")
        git("commit", "--quiet", "-m", "Change files")
        git("push", "--quiet", "origin", "main")

    def store(self, files: Mapping[str, bytes]) -> None:
        """Write files to the audit branch, as the bot does."""
        bare = Repository(self.stand.hosted.path) if self.stand.hosted else None
        assert bare
        tip = bare.resolve("lockstep/audit")
        commit = bare.append(tip, files, "Record", NOW)
        bare.run("update-ref", "refs/heads/lockstep/audit", commit)

    def settings(self, login: str = "acme") -> Settings:
        """Return the settings as somebody sees them."""
        assert self.stand.server
        server = self.stand.server
        return Settings(
            "acme/models",
            server.state.accounts[login].token,
            api_url=server.api_url,
            patience=Patience(sleep=self.stand.waits.append),
            pace=FAST,
        )

    def app(self, zone: Zone = Zone.DOCTOR) -> Installation:
        """Return the bot's app."""
        assert self.stand.server
        app = App(str(APP), pair_of_keys()[0])
        return Installation(app, "acme/models", zone, api_url=self.stand.server.api_url, pace=FAST)

    def scene(self, **more: Any) -> Scene:
        """Set the scene for a doctor who is an administrator and has the app's key."""
        forge = self.stand.forge
        clone = Repository.create(self.folder / "scratch", forge.git_environment())
        clone.fetch(forge.remote(), "+refs/heads/main:refs/lockstep/tip")
        tip = clone.resolve("refs/lockstep/tip")
        cache = self.folder / "cache"
        values = {
            "repository": clone,
            "tip": tip,
            "branch": "main",
            "store": Store(lambda path: Committed(clone, str(tip), path), cache),
            "cache": cache,
            "version": "0",
            "now": NOW,
            "say": lambda _: None,
            "forge": forge,
            "settings": self.settings(),
            "installation": self.app(),
            "on_github_com": False,
            "action": ACTION,
        }
        return Scene(**{**values, **more})

    def findings(self, **more: Any) -> list[tuple[str, str]]:
        """Say what the doctor finds that is not fine: check and level."""
        return troubles(examine(self.scene(**more)))


def troubles(found: tuple[Diagnosis, ...]) -> list[tuple[str, str]]:
    """Leave out what is fine."""
    return [(one.check, one.level.value) for one in found if one.level is not Level.FINE]


def ward(stand: Stand, folder: Path) -> Ward:
    """Make a healthy repository."""
    assert stand.server
    registered(stand.server)
    found = Ward(stand, folder, clicked())
    stand.server.state.settings["acme/models"] = found.clicked
    stand.server.state.join("ana")
    files: dict[str, str | None] = {".github/CODEOWNERS": OWNERS, "models.lock": EMPTY.decode()}
    found.commit({**files, **workflow_files(ACTION)})
    found.store({"records/1/4be1.json": b'{"format":1}', "seals/1/4be1.json": b"{}"})
    return found
