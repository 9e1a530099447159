"""An app speaks by short tokens, one narrowed to a zone; every way to have none is a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bot.core.errors import Denied, NotARepository, Stop
from bot.world.github_app import App, Installation
from bot.world.github_wire import Pace
from bot.world.github_zones import Zone, granted, missing, needed, shown
from tests.forges.keys import APP, pair_of_keys, registered
from tests.forges.stand import BOT, Stand, run_git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forges.server.web import Server

REPO = "/repos/acme/models"
FAST = Pace(between_requests_s=None, between_writes_s=None)


def at(stand: Stand) -> Server:
    assert stand.server
    return stand.server


def installation(stand: Stand, zone: Zone, *, ahead: float = 0.0, key: str = "") -> Installation:
    """Return the app's installation as it is on a machine whose clock may be wrong."""
    app = App(str(APP), key or pair_of_keys()[0])
    return Installation(
        app,
        "acme/models",
        zone,
        api_url=at(stand).api_url,
        now=lambda: datetime.now(UTC) + timedelta(seconds=ahead),
        pace=FAST,
    )


def sends(stand: Stand, token: str, method: str, path: str, **body: object) -> int:
    answer = requests.request(
        method,
        f"{at(stand).api_url}{REPO}{path}",
        json=body or None,
        headers={"Authorization": f"token {token}"},
        timeout=10,
    )
    return answer.status_code


def test_nothing_is_sent_before_a_token_is_needed(github: Stand) -> None:
    at(github).log.clear()
    installation(github, Zone.LAND)
    assert at(github).log == []


def test_a_token_costs_one_question_and_one_minting_and_is_kept(github: Stand) -> None:
    auth = installation(github, Zone.JUDGE)
    at(github).log.clear()
    assert auth.token == auth.token
    assert at(github).log == [
        ("GET", f"{REPO}/installation"),
        ("POST", "/app/installations/1/access_tokens"),
    ]
    assert auth.login == BOT


def test_a_token_is_for_this_repository_and_the_zone_s_rights_alone(github: Stand) -> None:
    at(github).state.apps[0].installations[0].repositories = None
    minted = at(github).state.tokens
    for zone in Zone:
        token = installation(github, zone).token
        assert minted[token].repositories == {"acme/models"}
        if not zone.optional:
            assert minted[token].permissions == zone.permissions


def test_the_judge_s_token_reports_and_may_not_merge(github: Stand) -> None:
    number, sha = github.proposed({"models.lock": "format: 1\nmodels: {}\n"})
    judge, land = (installation(github, zone).token for zone in (Zone.JUDGE, Zone.LAND))
    merge = {"sha": sha, "merge_method": "squash"}
    assert sends(github, judge, "POST", f"/issues/{number}/comments", body="hello") == 201
    assert sends(github, judge, "POST", f"/statuses/{sha}", state="pending", context="c") == 201
    assert sends(github, judge, "PUT", f"/pulls/{number}/merge", **merge) == 403
    assert sends(github, land, "PUT", f"/pulls/{number}/merge", **merge) == 200


def test_the_predicting_zone_may_write_nothing(github: Stand) -> None:
    number, sha = github.proposed({"models.lock": "format: 1\nmodels: {}\n"})
    token = installation(github, Zone.PREDICT).token
    assert sends(github, token, "GET", f"/pulls/{number}") == 200
    assert sends(github, token, "POST", f"/issues/{number}/comments", body="hello") == 403
    assert sends(github, token, "POST", f"/statuses/{sha}", state="success", context="c") == 403


def test_a_token_without_contents_to_write_cannot_push(github: Stand) -> None:
    def push(zone: Zone) -> None:
        from bot.world.github import GitHub

        forge = GitHub("acme/models", installation(github, zone), api_url=at(github).api_url)
        environment = forge.git_environment()
        run_git(github.clone, "push", "--quiet", "origin", "HEAD:refs/heads/new", env=environment)

    with pytest.raises(AssertionError, match="403"):
        push(Zone.JUDGE)
    push(Zone.LAND)


def test_a_token_that_nears_its_end_is_minted_anew(github: Stand) -> None:
    app = App(str(APP), pair_of_keys()[0])
    clock = [datetime.now(UTC)]
    url = at(github).api_url
    auth = Installation(
        app, "acme/models", Zone.JUDGE, api_url=url, now=lambda: clock[0], pace=FAST
    )
    first = auth.token
    clock[0] += timedelta(minutes=54)
    assert auth.token == first
    clock[0] += timedelta(minutes=2)
    assert auth.token != first


def test_a_token_that_was_not_accepted_is_minted_anew_once_asked(github: Stand) -> None:
    auth = installation(github, Zone.JUDGE)
    first = auth.token
    auth.renew()
    assert auth.token != first


def test_a_token_ends_after_an_hour_by_the_server_s_clock(github: Stand) -> None:
    token = installation(github, Zone.JUDGE).token
    assert sends(github, token, "GET", "/pulls") == 200
    at(github).state.ahead = timedelta(minutes=61)
    assert sends(github, token, "GET", "/pulls") == 401


@pytest.mark.parametrize("seconds", [-55, 0, 55])
def test_a_clock_that_is_a_minute_off_is_good_enough(github: Stand, seconds: int) -> None:
    at(github).state.ahead = timedelta(seconds=seconds)
    assert installation(github, Zone.JUDGE).token


@pytest.mark.parametrize(("ahead", "said"), [(-900, "ahead of"), (900, "behind")])
def test_a_wrong_clock_is_named_with_how_wrong_it_is(github: Stand, ahead: int, said: str) -> None:
    at(github).state.ahead = timedelta(seconds=ahead)
    with pytest.raises(Denied, match=rf"clock is (899|900|901) s {said} GitHub's; set the clock"):
        _ = installation(github, Zone.JUDGE).token


def test_a_key_of_another_app_is_refused_without_showing_it(github: Stand) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = pem(other)
    with pytest.raises(Denied, match="must be of the same app") as caught:
        _ = installation(github, Zone.JUDGE, key=key).token
    assert not any(line in str(caught.value) for line in key.splitlines())


def test_an_app_that_is_not_installed_here_is_told_where_to_install(github: Stand) -> None:
    at(github).state.apps[0].installations.clear()
    with pytest.raises(NotARepository, match="install it there"):
        _ = installation(github, Zone.JUDGE).token


def test_a_suspended_installation_is_said_to_be(github: Stand) -> None:
    at(github).state.apps[0].installations[0].suspended = True
    with pytest.raises(Denied, match="suspended for acme/models; an owner lifts that"):
        _ = installation(github, Zone.JUDGE).token


def test_an_installation_that_lacks_a_right_is_told_which(github: Stand) -> None:
    registered(at(github), statuses="none", contents="read")
    with pytest.raises(Denied, match="`land` does; it lacks Contents: write, Statuses: write"):
        _ = installation(github, Zone.LAND).token
    assert installation(github, Zone.PREDICT).token


def test_a_doctor_takes_what_it_is_given(github: Stand) -> None:
    token = installation(github, Zone.DOCTOR).token
    assert "administration" not in at(github).state.tokens[token].permissions
    registered(at(github), administration="write")
    token = installation(github, Zone.DOCTOR).token
    assert at(github).state.tokens[token].permissions["administration"] == "read"


def test_rights_that_were_taken_away_between_asking_and_minting_are_named(github: Stand) -> None:
    auth = installation(github, Zone.JUDGE)
    assert auth.installed.slug == "lockstep"
    at(github).state.apps[0].installations[0].permissions.pop("statuses")
    with pytest.raises(Denied, match=r"gives lockstep no token for `judge`.*Statuses: write"):
        _ = auth.token


# What the environment may hold.


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> str:
    lock = serialization.BestAvailableEncryption(password) if password else None
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        lock or serialization.NoEncryption(),
    ).decode()


def environment(key: str, identity: str = "7") -> dict[str, str]:
    return {"LOCKSTEP_APP_ID": identity, "LOCKSTEP_APP_PRIVATE_KEY": key}


def test_without_an_app_in_the_environment_there_is_none() -> None:
    assert App.named({}) is None
    assert App.named(environment("", "")) is None


def test_a_key_is_taken_from_a_variable_a_file_or_one_line(tmp_path: Path) -> None:
    key = pair_of_keys()[0]
    file = tmp_path / "app.pem"
    file.write_text(key)
    named = {"LOCKSTEP_APP_ID": "7", "LOCKSTEP_APP_PRIVATE_KEY_FILE": str(file)}
    apps = [App.named(environment(key)), App.named(named)]
    apps.append(App.named(environment(key.replace("\n", "\\n"))))
    assert [app.key for app in apps if app] == [key, key, key]
    assert key not in repr(apps)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "is set and there is no private key"),
        ("secret-word", "does not begin with -----BEGIN"),
        ("-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0LXdvcmQ=\n", "cannot be read as an RSA key"),
        (pair_of_keys()[1], "is a public key"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "cannot be read as an RSA key"),
        (pem(rsa.generate_private_key(public_exponent=65537, key_size=2048), b"x"), "password"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_and_never_shown(key: str, said: str) -> None:
    with pytest.raises(Denied, match=said) as caught:
        App.named(environment(key))
    shown_text = str(caught.value)
    assert caught.value.__cause__ is None
    assert not any(line in shown_text for line in key.splitlines() if "BEGIN" not in line)


@pytest.mark.parametrize("identity", ["", "7\n8", "a b", "x" * 65])
def test_an_id_that_no_app_has_is_refused(identity: str) -> None:
    with pytest.raises(Denied, match="LOCKSTEP_APP_ID"):
        App.named(environment(pair_of_keys()[0], identity))


def test_a_key_file_that_is_missing_or_too_large_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * 70_000)
    for file in (tmp_path / "absent", large, tmp_path):
        with pytest.raises(Denied, match="LOCKSTEP_APP_PRIVATE_KEY_FILE names"):
            App.named({"LOCKSTEP_APP_ID": "7", "LOCKSTEP_APP_PRIVATE_KEY_FILE": str(file)})


# Zones.


def test_only_the_landing_zones_may_write_contents() -> None:
    writers = {zone for zone in Zone if zone.permissions.get("contents") == "write"}
    assert writers == {Zone.LAND, Zone.COMMAND, Zone.GUARD, Zone.SWEEP, Zone.PROPOSE}
    assert not any("workflows" in zone.permissions for zone in Zone)


def test_an_app_needs_no_administration_of_the_repository() -> None:
    assert shown(needed()) == (
        "Actions: read, Contents: write, Issues: write, Metadata: read, Pull requests: write, "
        "Statuses: write"
    )


def test_rights_are_compared_by_their_rank() -> None:
    wanted = {"contents": "write", "statuses": "read", "issues": "read"}
    given = {"contents": "read", "statuses": "admin"}
    assert missing(wanted, given) == {"contents": "write", "issues": "read"}
    assert granted(wanted, given) == {"contents": "read", "statuses": "read"}


def test_a_server_that_does_not_answer_is_no_refusal(github: Stand) -> None:
    from tests.forges.server.faults import broken

    at(github).trouble({0: broken(502, "before")})
    with pytest.raises(Exception, match="502") as caught:
        _ = installation(github, Zone.JUDGE).token
    assert not isinstance(caught.value, Stop)
    assert installation(github, Zone.JUDGE).token
