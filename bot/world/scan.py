"""Read an artifact without loading it, and say what loading it could run.

Unknown is not safe: a format that can carry code is clean only if every name in it is on an
allow-list of exact names (`allowed_globals.txt`) or trusted by the policy, and whatever cannot be
read is said to be unreadable.  This is a first look, not the wall; the sandbox is the wall.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from bot.core.questions import Scan
from bot.world.scan_mlflow import contained, loader_code
from bot.world.scan_onnx import scan_onnx
from bot.world.scan_pickle import read_streams
from bot.world.scan_skops import scan_skops
from bot.world.scan_unpack import is_zip, unpacked, unzipped
from bot.world.scan_values import Tally, Unreadable, allowed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.lock import Artifact, Flavor
    from bot.core.policy import ArtifactRules

_CARRIES_CODE = frozenset({"pickle", "joblib", "runner", "mlflow"})


def scan(path: Path, artifact: Artifact, rules: ArtifactRules) -> Scan:
    """Read an artifact's opcodes, types or operators.

    Args:
        path: The fetched artifact, a file or a folder.
        artifact: Names the flavor, which decides how it would be loaded.
        rules: Names trusted besides the allow-list, and the cap for what unpacks.
    """
    try:
        return _as(path, artifact.flavor, rules)
    except OSError:
        return _unreadable(artifact.flavor, "it cannot be read from the cache")


def _as(path: Path, flavor: Flavor, rules: ArtifactRules) -> Scan:
    """Read a file or folder as what its flavor says it is."""
    if flavor == "mlflow":
        return _folder(path, rules)
    if flavor == "runner":
        return _runner(path)
    if not path.is_file():
        return _unreadable(flavor, "it is a folder, and this flavor is one file")
    try:
        match flavor:
            case "pickle" | "joblib":
                return _pickled(path, flavor, rules)
            case "skops":
                tally = scan_skops(path, rules)
            case "onnx":
                tally = scan_onnx(path, rules)
            case "xgboost":
                tally = _native(path, b"{", b"learner")
            case "lightgbm":
                tally = _native(path, b"tree", b"version")
            case _:
                assert_never(flavor)
    except Unreadable as error:
        return _unreadable(flavor, error.reason)
    return _told(flavor, tally)


def _pickled(path: Path, flavor: Flavor, rules: ArtifactRules) -> Scan:
    joblib = flavor == "joblib"
    names = allowed("pickle", "joblib") if joblib else allowed("pickle")
    tally = Tally(names, frozenset(rules.trusted))
    try:
        if is_zip(path):
            _zipped(path, tally, rules)
        with unpacked(path, rules.max_bytes, joblib=joblib) as file:
            read_streams(file, tally, joblib=joblib)
    except Unreadable as error:
        return _told(flavor, tally, error.reason)
    return _told(flavor, tally)


def _zipped(path: Path, tally: Tally, rules: ArtifactRules) -> None:
    """Look for pickles in an archive, as torch writes them; neither flavor loads one."""
    import tempfile

    with unzipped(path, rules.max_bytes) as archive, tempfile.TemporaryDirectory() as scratch:
        for number, name in enumerate(archive.namelist()):
            member = Path(scratch) / str(number)
            member.write_bytes(archive.read(name))
            with unpacked(member, rules.max_bytes, joblib=True) as file:
                if file[:1] == b"\x80" or name.endswith((".pkl", ".pickle")):
                    read_streams(file, tally, joblib=False)
    raise Unreadable("it is a zip archive, which neither pickle nor joblib loads")


def _native(path: Path, start: bytes, word: bytes) -> Tally:
    """Check that a file begins as its library writes it."""
    with path.open("rb") as opened:
        head = opened.read(64)
    if not head.startswith(start) or word not in head:
        raise Unreadable("it does not begin as a file of its flavor")
    return Tally(frozenset())


def _folder(path: Path, rules: ArtifactRules) -> Scan:
    """Read every model file of an MLflow folder."""
    if not path.is_dir():
        return _unreadable("mlflow", "an MLflow model is a folder")
    try:
        files, code = contained(path), loader_code(path)
    except Unreadable as error:
        return _unreadable("mlflow", error.reason)
    scans = [_as(file, flavor, rules) for file, flavor in files]
    findings = [name for name in code if name not in rules.trusted]
    findings += [f"a {flavor} inside" for flavor in not_allowed(files, rules)]
    findings += [name for one in scans for name in one.findings]
    unreadable = [
        f"{file.relative_to(path)}: {one.unreadable}"
        for (file, _), one in zip(files, scans, strict=True)
        if one.unreadable
    ]
    return Scan(
        carries_code=bool(code) or any(one.carries_code for one in scans),
        findings=tuple(dict.fromkeys(findings)),
        counted=sum(one.counted for one in scans) + len(code),
        unreadable="; ".join(dict.fromkeys(unreadable)) or None,
    )


def not_allowed(files: Iterable[tuple[Path, Flavor]], rules: ArtifactRules) -> list[Flavor]:
    """Name the formats inside a folder that the policy does not allow by themselves."""
    return sorted({flavor for _, flavor in files} - set(rules.flavors))


def _runner(path: Path) -> Scan:
    """Count the modules of a runner; it is code, so there is no name to look for."""
    modules = sum(1 for _ in path.rglob("*.py")) if path.is_dir() else 0
    reason = None if modules else "a runner is a folder that holds a Python module"
    return Scan(carries_code=True, findings=(), counted=modules, unreadable=reason)


def _told(flavor: Flavor, tally: Tally, unreadable: str | None = None) -> Scan:
    return Scan(
        carries_code=flavor in _CARRIES_CODE,
        findings=tuple(tally.findings),
        counted=len(tally.met),
        unreadable=unreadable,
    )


def _unreadable(flavor: Flavor, reason: str) -> Scan:
    return Scan(carries_code=flavor in _CARRIES_CODE, findings=(), counted=0, unreadable=reason)
