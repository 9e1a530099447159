"""Checks turn plain facts into diagnoses; no server and no clock is asked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.core.canonical import dump
from bot.core.errors import Fault
from bot.core.evidence import Absent, Evidence, Fact
from bot.core.history import Snapshot
from bot.core.lock import Artifact, Entry, Model
from bot.core.questions import Loaded, Rehearsal, Scan, Scanned, Weighed, Weight
from bot.world.doctor_diagnosis import Diagnosis, Level
from bot.world.doctor_drill import diagnose_sandbox, diagnose_ways, ways_back
from bot.world.doctor_policies import Rulebook, diagnose_rulebook, read_rulebook
from bot.world.doctor_reach import diagnose_hosts, diagnose_reach, hosts_of, named_in
from bot.world.sandbox import Sandbox
from tests.doctor.healthy import troubles

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
POLICY = """\
models: [credit]
ladder: [staging, production]
data:
  holdout:
    uri: {uri}
    digest: sha256:{d}
    task: binary
    target: default
gates:
  production:
    - metric: {{metric: roc_auc, at_least: 0.6, because: floor, review_by: {review}}}
{more}"""


def policy(
    review: str = "2999-01-01", more: str = "", uri: str = "data/holdout.parquet"
) -> dict[str, bytes]:
    text = POLICY.format(review=review, more=more, uri=uri, d="d" * 64)
    return {"policies/credit.yaml": text.encode()}


def entry(digit: str, uri: str = "") -> Entry:
    where = uri or f"models/{digit}.skops"
    return Entry(artifact=Artifact(uri=where, digest=f"sha256:{digit * 64}", flavor="skops"))


def model(serving: str = "2", **more: Any) -> Model:
    versions = {"1": entry("1"), "2": entry("2"), "3": entry("3")}
    return Model(**{"versions": versions, "stages": {"production": serving}, **more})


def book(files: dict[str, bytes] | None = None, **more: Any) -> Rulebook:
    return read_rulebook(dump({"credit": model(**more)}), files or policy())


def found(diagnoses: Any) -> list[tuple[str, str]]:
    return troubles(tuple(diagnoses))


def words(diagnoses: Any) -> str:
    return "\n".join(f"{one.what}; {one.remedy}" for one in diagnoses)


# Lock and policies.


def judged(files: dict[str, bytes], lock: bytes | None = None) -> list[Diagnosis]:
    text = dump({"credit": model()}) if lock is None else lock
    return list(diagnose_rulebook(read_rulebook(text, files), text, TODAY))


def test_a_sound_lock_and_policy_are_fine() -> None:
    assert found(judged(policy())) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, [("coverage", "wrong")]),
        ({**policy(), "policies/b.yaml": b"models: [c*]\nladder: [production]\n"}, None),
        ({"policies/x.yaml": b"models: [\n"}, [("policies", "wrong"), ("coverage", "wrong")]),
        ({**policy(), "policies/x.yaml": b"ladder: [a]\n"}, [("policies", "wrong")]),
        (policy("2026-11-22"), [("review-by", "wrong")]),
        (policy("2026-11-30"), [("review-by", "warning")]),
        (
            policy(
                more="waivers:\n  - {gate: metric, model: credit, by: ana, reason: r, "
                "until: 2026-11-01}\n"
            ),
            [("waivers", "warning")],
        ),
        (
            policy(more="freezes:\n  - {from: 2026-10-01, until: 2026-10-05, reason: r}\n"),
            [("freezes", "warning")],
        ),
        (
            policy(more="freezes:\n  - {from: 2026-10-01, until: 2027-10-05, reason: r}\n"),
            [("freezes", "warning")],
        ),
    ],
)
def test_what_is_wrong_with_policies_is_found(
    files: dict[str, bytes], expected: list[tuple[str, str]] | None
) -> None:
    assert found(judged(files)) == (expected or [("coverage", "wrong")])


def test_without_a_lock_one_is_to_be_made() -> None:
    assert "run `lockstep init`" in words(judged(policy(), b""))


def test_a_lock_that_is_not_canonical_is_named_even_where_it_can_be_read() -> None:
    assert found(judged(policy(), b"format: 1\nmodels: {}\n")) == [("lock", "wrong")]


# Artifacts, data and hosts.


def test_what_serves_and_what_is_judged_on_is_named_once() -> None:
    named = named_in(book())
    assert [(one.whose, one.uri) for one in named] == [
        ("credit 2", "models/2.skops"),
        ("policies/credit.yaml: holdout", "data/holdout.parquet"),
    ]


def test_what_cannot_be_had_is_said_with_its_remedy() -> None:
    absent = Absent(fault=Fault.DATA_UNREACHABLE, reason="it is gone", remedy="bring it back")
    artifact, data = named_in(book())
    tried = [(artifact, None), (data, absent)]
    assert found(diagnose_reach(tried, whole=False)) == [("data", "wrong")]
    assert "policies/credit.yaml: holdout: it is gone; bring it back" in words(
        diagnose_reach(tried, whole=False)
    )


def test_a_host_must_have_an_address_and_it_must_be_public() -> None:
    addresses = {"here.example": ["10.0.0.5"], "there.example": ["93.184.216.34"], "no": []}
    hosts = [(name, 443) for name in addresses]
    diagnoses = list(diagnose_hosts(hosts, lambda host, _: addresses[host]))
    assert [one.level for one in diagnoses] == [Level.WRONG, Level.FINE, Level.WRONG]
    assert "10.0.0.5, which is not public; it is never asked" in diagnoses[0].what


def test_hosts_are_read_from_addresses_that_are_urls_only() -> None:
    files = policy(uri="https://Data.Example:8443/h.parquet")
    bad = model(versions={"2": entry("2", "https://[broken")})
    named = named_in(read_rulebook(dump({"credit": bad}), files))
    assert hosts_of(named) == (("data.example", 8443),)


def test_a_resolver_that_fails_is_no_crash() -> None:
    def fail(host: str, port: int) -> list[str]:
        raise OSError(host, port)

    assert found(diagnose_hosts([("x.example", 443)], fail)) == [("hosts", "wrong")]


# The way back.


def history(*serving: str) -> dict[str, tuple[Snapshot, ...]]:
    """Let versions serve one after the other, the oldest first."""
    rows = [
        Snapshot(commit=f"{n:040d}", at=NOW, message="", model=model(one))
        for n, one in enumerate(serving)
    ]
    return {"credit": tuple(reversed(rows))}


def rehearsal() -> Rehearsal:
    return Rehearsal(
        load_seconds=0.5,
        predict_seconds=0.0,
        peak_bytes=1,
        warnings=0,
        layers=(),
        missing=(),
        used=(),
    )


def evidence(rules: Rulebook, **absent: Any) -> Evidence:
    facts: dict[Any, Any] = {}
    head = rules.policies[0]
    for described in rules.models["credit"].versions.values():
        artifact, kinds = described.artifact, head.artifacts
        weight = Weight(digest=artifact.digest, size=1, files=1)
        scan = Scan(carries_code=False, findings=absent.get("findings", ()), counted=1)
        answers = {"weight": weight, "scan": scan, "load": rehearsal(), **absent}
        needs = (Weighed(artifact, kinds), Scanned(artifact, kinds))
        asked = (*needs, Loaded(artifact, kinds, head.sandbox))
        for need, answer in zip(
            asked, (answers[n] for n in ("weight", "scan", "load")), strict=True
        ):
            facts[need] = answer if isinstance(answer, Absent) else Fact(value=answer, source="t")
    return Evidence(facts)


def test_the_way_back_leads_to_the_champion_before() -> None:
    rules = book(serving="3")
    near = ways_back(rules, history("1", "2", "3"), deep=False)
    deep = ways_back(rules, history("1", "2", "3"), deep=True)
    assert [one.version for one in near] == ["2"]
    assert [one.version for one in deep] == ["2", "1"]
    assert found(diagnose_ways(deep, evidence(rules))) == []


def test_a_first_champion_has_nothing_to_return_to() -> None:
    ways = ways_back(book(), history("2"), deep=True)
    assert [one.version for one in ways] == [None]
    assert found(diagnose_ways(ways, Evidence())) == []


GONE = Absent(fault=Fault.CHAMPION_GONE, reason="nothing is there", remedy="upload it")


@pytest.mark.parametrize(
    ("absent", "said"),
    [
        ({"weight": GONE}, "back from 2 to 1: nothing is there; upload it"),
        ({"load": GONE}, "back from 2 to 1: nothing is there; upload it"),
        ({"findings": ("os.system",)}, "the scan objects to os.system"),
    ],
)
def test_a_way_back_that_is_closed_says_why(absent: dict[str, Any], said: str) -> None:
    rules = book()
    ways = ways_back(rules, history("1", "2"), deep=False)
    diagnoses = list(diagnose_ways(ways, evidence(rules, **absent)))
    assert [one.level for one in diagnoses] == [Level.WRONG]
    assert said in words(diagnoses)


def test_a_version_the_lock_forgot_or_retired_is_no_way_back() -> None:
    short = model(versions={"2": entry("2")})
    forgot = read_rulebook(dump({"credit": short}), policy())
    retired = book(retired={"1": "leaks"})
    for rules, level in ((forgot, Level.WRONG), (retired, Level.WARNING)):
        ways = ways_back(rules, history("1", "2"), deep=False)
        assert [one.level for one in diagnose_ways(ways, evidence(rules))] == [level]


def test_a_model_without_a_policy_is_not_loaded() -> None:
    rules = book({"policies/other.yaml": b"models: [other]\nladder: [production]\n"})
    ways = ways_back(rules, history("1", "2"), deep=False)
    assert found(diagnose_ways(ways, Evidence())) == [("way-back", "unknown")]


# The machine.


def test_a_machine_that_lacks_a_required_layer_is_wrong_a_preferred_one_is_said() -> None:
    every = frozenset({"no_new_privs", "rlimits", "fs", "net", "syscalls", "namespaces"})
    for held, expected in (
        (every, []),
        (every - {"namespaces"}, [("sandbox", "warning")]),
        (every - {"net"}, [("sandbox", "wrong")]),
    ):
        sandbox = Sandbox(walls="none", inner=(), held=held)
        assert found(diagnose_sandbox(book(), sandbox)) == expected
