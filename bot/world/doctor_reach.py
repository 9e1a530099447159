"""Checks that the bytes the lock and the policies name can be had, and from where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.core.evidence import Absent
from bot.world.doctor_diagnosis import fine, wrong
from bot.world.gathering import DATA_BYTES
from bot.world.store import Kind
from bot.world.store_https import is_public
from bot.world.store_sources import shown

if TYPE_CHECKING:
    from bot.world.doctor_diagnosis import Diagnosis
    from bot.world.doctor_policies import Rulebook
    from bot.world.store import Store

SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Bytes that a lock or a policy names."""

    kind: Kind
    whose: str
    """`churn 3`, or `policies/churn.yaml: holdout`."""
    uri: str
    digest: str
    most: int
    """Bytes that the policy allows."""


def named_in(book: Rulebook) -> tuple[Named, ...]:
    """Name what serves and what is judged on, each address once."""
    found: dict[tuple[str, str], Named] = {}
    for name, model in book.models.items():
        policy = book.policy(name)
        for version in dict.fromkeys(model.stages.values()):
            entry = model.versions.get(version)
            if entry is None or policy is None:
                continue
            artifact = entry.artifact
            whose, most = f"{name} {version}", policy.artifacts.max_bytes
            one = Named(
                kind=Kind.ARTIFACT, whose=whose, uri=artifact.uri, digest=artifact.digest, most=most
            )
            found.setdefault((one.uri, one.digest), one)
    for policy in book.policies:
        for label, data in policy.data.items():
            whose = f"{policy.path}: {label}"
            one = Named(
                kind=Kind.DATA, whose=whose, uri=data.uri, digest=data.digest, most=DATA_BYTES
            )
            found.setdefault((one.uri, one.digest), one)
    return tuple(found.values())


def reached(
    named: Sequence[Named], store: Store, say: Callable[[str], None], *, whole: bool
) -> Iterator[tuple[Named, Absent | None]]:
    """Try each address.

    Args:
        named: What to try.
        store: Where bytes come from.
        say: Told what is tried.
        whole: Read remote bytes to their end and compare the digest; else open them only.
    """
    for number, one in enumerate(named, start=1):
        say(f"reaching {number} of {len(named)}: {one.whose}")
        if whole or "://" not in one.uri:
            found = store.fetch_now(
                one.uri, one.digest, max_bytes=one.most, max_files=100_000, kind=one.kind
            )
            yield one, found if isinstance(found, Absent) else None
        else:
            yield one, store.glance(one.uri, kind=one.kind)


def diagnose_reach(
    tried: Sequence[tuple[Named, Absent | None]], *, whole: bool
) -> Iterator[Diagnosis]:
    """Say what can be had and what cannot."""
    for kind, check, noun in (
        (Kind.ARTIFACT, "artifacts", "artifact of a serving version"),
        (Kind.DATA, "data", "data set"),
    ):
        ours = [(one, absent) for one, absent in tried if one.kind is kind]
        gone = [(one, absent) for one, absent in ours if absent is not None]
        for one, absent in gone[:SHOWN]:
            yield wrong(check, f"{one.whose}: {absent.reason}", absent.remedy)
        if gone[SHOWN:]:
            yield wrong(check, f"and {len(gone) - SHOWN} more cannot be had", "as above")
        if gone:
            continue
        remote = sum("://" in one.uri for one, _ in ours)
        how = "read whole and hashed"
        if remote and not whole:
            how = f"there; {remote} opened only, `--drill` reads all"
        yield fine(check, f"{check} named: {len(ours)}, {how}" if ours else f"no {noun} yet")


def hosts_of(named: Sequence[Named]) -> tuple[tuple[str, int], ...]:
    """Name each host that is read over https, with its port."""
    found: dict[tuple[str, int], None] = {}
    for one in named:
        try:
            parts = urlsplit(one.uri)
            host, port = (parts.hostname or "").rstrip("."), parts.port or 443
        except ValueError:
            continue
        if parts.scheme == "https" and host:
            found[host, port] = None
    return tuple(found)


def diagnose_hosts(
    hosts: Sequence[tuple[str, int]], resolve: Callable[[str, int], list[str]]
) -> Iterator[Diagnosis]:
    """Say where each host lies, and whether the guard of the store would let it through."""
    for host, port in hosts:
        try:
            addresses = resolve(host, port)
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            what = f"{shown(f'https://{host}')} has no address here"
            yield wrong("hosts", what, "check the name, and this machine's resolver")
        elif not all(is_public(address) for address in addresses):
            what = f"{host} is {', '.join(addresses[:3])}, which is not public; it is never asked"
            yield wrong("hosts", what, "use a public https address, s3, or a committed file")
        else:
            yield fine("hosts", f"{host} is {', '.join(addresses[:3])}, public")
    if not hosts:
        yield fine("hosts", "nothing is read over https")
