"""Fetch artifacts and data by digest into a content-addressed cache, under caps.

Whatever an address holds, what comes back has the digest that was asked for or does not come
back: bytes are hashed while they stream into a private file, compared, and only then moved to
their place, whole, by one rename.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import Fault, Problem, UnsafeFile
from bot.core.evidence import Absent
from bot.world.store_cache import alone, held, stamp, sweep
from bot.world.store_https import OverHttps, Reach
from bot.world.store_pour import Caps, pour, require, too_large
from bot.world.store_sources import (
    Foreign,
    NotFetched,
    OnDisk,
    Trouble,
    in_work_tree,
    shown,
    too_many,
    unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from bot.core.questions import Weight
    from bot.world.store_sources import Source

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://(.*)$", re.DOTALL | re.IGNORECASE)
_SUFFIX = re.compile(r"\.[a-z0-9]{1,12}$")


class Kind(Enum):
    """What is being fetched; decides the fault that its absence is."""

    ARTIFACT = "artifact"
    DATA = "data set"
    MANIFEST = "manifest"

    def fault(self, trouble: Trouble) -> Fault:
        """Name the fault for a trouble with this kind of bytes."""
        if trouble is Trouble.LIMIT:
            return Fault.LIMIT_EXCEEDED
        if trouble is Trouble.DIGEST:
            return Fault.ARTIFACT_DIGEST if self is Kind.ARTIFACT else Fault.DATA_DIGEST
        if self is Kind.MANIFEST:
            return Fault.MANIFEST_MISSING
        return Fault.ARTIFACT_UNREACHABLE if self is Kind.ARTIFACT else Fault.DATA_UNREACHABLE


@dataclass(frozen=True, slots=True)
class Local:
    """Bytes on this machine that have the digest that was asked for."""

    path: Path
    """A file or a folder in the cache; not to be written to."""
    weight: Weight


@dataclass(frozen=True, slots=True)
class Access:
    """Which addresses may be read, and how."""

    reach: Reach = field(default_factory=Reach)
    schemes: frozenset[str] = frozenset({"https", "s3"})
    """Add `file` for a person's own machine, `memory` for tests."""
    options: Mapping[str, Mapping[str, Any]] | None = None
    """fsspec options by scheme, such as an s3 endpoint; credentials come from the environment."""
    seconds: float = 600.0
    """The longest one fetch may take."""


class Store:
    """Fetches by address and digest; safe for many threads and processes at once."""

    def __init__(
        self, root: Path | Callable[[str], Source], cache: Path, access: Access | None = None
    ) -> None:
        """Take where repository-relative addresses lie, a cache folder, and what may be read.

        Args:
            root: The work tree, or a function that finds a path among committed files.
            cache: Made if it is not there.
            access: Default: https to public hosts, and s3.
        """
        self._root = root
        self._cache = cache
        self._access = access or Access()
        sweep(cache / "tmp")

    def fetch(
        self, uri: str, digest: str, *, max_bytes: int, max_files: int, kind: Kind = Kind.ARTIFACT
    ) -> Local | Absent:
        """Return bytes with exactly this digest, or why they cannot be had.

        Args:
            uri: A path in the repository, or an https or s3 address.
            digest: `sha256:…` of one file, or of a folder's sorted lines `<sha256>  <path>`.
            max_bytes: Cap on the sum of all files, kept while the bytes stream.
            max_files: Cap on the files of a folder.
            kind: Which faults the trouble is told as.
        """
        caps = Caps(max_bytes, max_files)
        # A copy may stand for a store, but not for the work tree, which the lock speaks of.
        return self._answer(uri, digest, caps, kind, lambda it: it.remote)

    def fetch_now(
        self, uri: str, digest: str, *, max_bytes: int, max_files: int, kind: Kind = Kind.ARTIFACT
    ) -> Local | Absent:
        """Do as `fetch`, but read the address itself to its end, whatever the cache holds.

        For a claim about the address: that bytes are there today, and that they are these.
        """
        return self._answer(uri, digest, Caps(max_bytes, max_files), kind, lambda _: False)

    def glance(self, uri: str, *, kind: Kind = Kind.ARTIFACT) -> Absent | None:
        """Open an address and read its first piece a little; None when something is there.

        Nothing is hashed: it says that an address answers, not what it holds.
        """
        try:
            source = self._source(uri)
            with source.open(source.pieces(100_000)[0]) as opened:
                opened.read(1)
        except NotFetched as error:
            reason = f"the {kind.value} {shown(uri)} cannot be used: {error.reason}"
            return Absent(fault=kind.fault(error.trouble), reason=reason, remedy=error.remedy)
        except OSError as error:
            reason = f"the {kind.value} {shown(uri)} broke off: {error.strerror or 'no answer'}"
            fault = kind.fault(Trouble.UNREACHABLE)
            return Absent(fault=fault, reason=reason, remedy="run again once the store answers")
        return None

    def _answer(
        self, uri: str, digest: str, caps: Caps, kind: Kind, trusted: Callable[[Source], bool]
    ) -> Local | Absent:
        caps = replace(caps, until=time.monotonic() + self._access.seconds)
        try:
            return self._local(uri, digest, caps, trusted)
        except NotFetched as error:
            fault, remedy = kind.fault(error.trouble), error.remedy
            reason = f"the {kind.value} {shown(uri)} cannot be used: {error.reason}"
        except OSError as error:
            fault, remedy = kind.fault(Trouble.UNREACHABLE), "free some space, or name another one"
            reason = f"the cache folder cannot be used: {error.strerror or 'it cannot be written'}"
        return Absent(fault=fault, reason=reason, remedy=remedy)

    def _local(self, uri: str, digest: str, caps: Caps, trusted: Callable[[Source], bool]) -> Local:
        source = self._source(uri)
        suffix = _SUFFIX.search(uri.lower().split("?", 1)[0])
        entry = self._cache / "sha256" / digest.removeprefix("sha256:")
        place = entry / f"content{suffix[0] if suffix else ''}"
        with alone(self._cache / "locks" / entry.name):
            weight = held(place, digest)
            if weight is None:
                return Local(place, self._bring(source, place, digest, caps))
            _within(weight, caps)
            if not trusted(source):
                require(pour(source, None, caps), digest, source)
            return Local(place, weight)

    def _bring(self, source: Source, place: Path, digest: str, caps: Caps) -> Weight:
        import tempfile

        (self._cache / "tmp").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._cache / "tmp", prefix="fetch-") as scratch:
            arriving = Path(scratch) / "content"
            weight = pour(source, arriving, caps)
            require(weight, digest, source)
            place.parent.mkdir(parents=True, exist_ok=True)
            arriving.rename(place)
        stamp(place, weight)
        return weight

    def _source(self, uri: str) -> Source:
        match = _SCHEME.match(uri)
        if match is None:
            root = self._root
            return in_work_tree(root, uri) if isinstance(root, Path) else root(uri)
        scheme, rest = match[1].lower(), match[2]
        test_only = scheme == "http" and self._access.reach.plain_http
        if scheme not in self._access.schemes and not test_only:
            raise unreachable(
                f"addresses of the form {scheme}:// are not read here",
                "use a path in the repository, or an https:// or s3:// address",
            )
        if scheme in ("http", "https"):
            return OverHttps(uri, self._access.reach)
        if scheme == "file":
            return OnDisk(Path(rest))
        return _foreign(scheme, rest, (self._access.options or {}).get(scheme, {}))


def digest_of(path: Path, *, max_bytes: int = 2**63, max_files: int = 100_000) -> Weight:
    """Hash a file or a folder as a lock names it.

    Raises:
        UnsafeFile: nothing is there, it holds a symlink or a device, or it is over a cap.
    """
    try:
        return pour(OnDisk(path), None, Caps(max_bytes, max_files))
    except NotFetched as error:
        problem = Problem(what=error.reason, remedy=error.remedy, file=str(path))
        raise UnsafeFile(problem) from None


def _within(weight: Weight, caps: Caps) -> None:
    if weight.size > caps.max_bytes:
        raise too_large(caps)
    if weight.files > caps.max_files:
        raise too_many(caps.max_files)


def _foreign(scheme: str, rest: str, options: Mapping[str, Any]) -> Foreign:
    import fsspec

    if "@" in rest.split("/", 1)[0] or ".." in rest.split("/"):
        raise unreachable("the address holds a credential or '..'", "write s3://bucket/path")
    try:
        return Foreign(fsspec.filesystem(scheme, **options), rest)
    except (ImportError, ValueError):
        raise unreachable(
            f"this installation cannot read {scheme}://", f"pip install 'lockstep-bot[{scheme}]'"
        ) from None
