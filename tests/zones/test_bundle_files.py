"""A bundle is taken out of its zip file into memory: no name leads out, and no bomb goes off."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from bot.core.bundle import RUN, NotABundle
from bot.world.bundle_files import MOST_BYTES, MOST_ENTRIES, from_folder, from_zip
from tests.zones.forging import Judge, entry, packed


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Judge.sits(tmp_path).honest()


@pytest.mark.parametrize("kind", ["symlink", "folder", "hard link", "pipe"])
def test_only_plain_files_lie_in_a_bundle(bundle: Path, kind: str) -> None:
    place = bundle / "5.asked.npy"
    match kind:
        case "symlink":
            place.symlink_to("/etc/passwd")
        case "folder":
            place.mkdir()
        case "hard link":
            os.link(bundle / RUN, place)
        case "pipe":
            os.mkfifo(place)

    with pytest.raises(NotABundle):
        from_folder(bundle)


def zip_of(*entries: tuple[zipfile.ZipInfo, bytes], more: dict[str, bytes] | None = None) -> bytes:
    whole = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, text in (more or {RUN: b"{}"}).items():
            archive.writestr(name, text)
        for made, text in entries:
            archive.writestr(made, text)
    return whole.getvalue()


@pytest.mark.parametrize(
    "zipped",
    [
        zip_of(entry("../run.json")),
        zip_of(entry("/etc/cron.d/run.json")),
        zip_of(entry("..\\run.json")),
        zip_of(entry("C:run.json")),
        zip_of(entry("0.asked.npy", 0o120777, b"/etc/passwd")),
        zip_of(entry("0.asked.npy", 0o020666)),
        zip_of(entry("0.asked.npy/", 0o040755, b"")),
        zip_of(entry("run.json", text=b"[]")),
        zip_of(entry("run.json\0.npy")),
        zip_of(entry("RUN.JSON")),
        zip_of(entry("0.asked.npy", text=b"\0" * 20_000_000)),
        zip_of(*(entry("1.asked.npy") for _ in range(2))),
        zip_of(more={f"{place}.asked.npy": b"" for place in range(MOST_ENTRIES + 5)}),
        zip_of(more={"0.asked.npy": b""}),
        packed({RUN: b"{}"})[:-10],
        packed({RUN: b"{}"}) + b"after",
        packed({RUN: b"{}"}).replace(zlib.crc32(b"{}").to_bytes(4, "little"), b"\1\2\3\4"),
        packed({RUN: b"{}"}, zipfile.ZIP_BZIP2),
        packed({RUN: b"{}"}, zipfile.ZIP_LZMA),
        b"",
        b"PK",
        b"{}",
        b"\0" * (MOST_BYTES + 1),
    ],
    ids=[
        "zip-slip", "absolute", "backslash", "drive", "symlink", "device", "folder", "duplicate",
        "null in a name", "another case", "bomb", "duplicate array", "too many", "no account",
        "truncated", "longer", "other bytes", "bzip2", "lzma", "empty", "two letters",
        "no zip", "too large",
    ],
)  # fmt: skip
def test_a_zip_file_that_is_no_bundle_is_refused(zipped: bytes) -> None:
    with pytest.raises(NotABundle):
        from_zip(zipped)


def test_an_honest_bundle_of_one_constant_class_is_no_bomb() -> None:
    names = np.random.default_rng(1).integers(0, 2**63, 400_000)
    zeros = np.zeros(400_000)
    files = {RUN: b"{}", "0.asked.npy": names.tobytes(), "0.predicted.npy": zeros.tobytes()}

    assert set(from_zip(packed(files))) == set(files)


def test_a_directory_that_claims_to_be_short_is_not_read() -> None:
    whole = packed({f"{place:02}.asked.npy": b"" for place in range(90)})
    claimed = whole[:-10] + (2**31).to_bytes(4, "little") + whole[-6:]

    with pytest.raises(NotABundle, match="lists more"):
        from_zip(claimed)
