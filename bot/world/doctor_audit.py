"""Checks that what was decided can still be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.core.record import BRANCH, FINDINGS, ORDERS, RECORDS, SEALS, Record
from bot.world.doctor_diagnosis import counted, fine, wrong
from bot.world.orders import in_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.world.doctor_diagnosis import Diagnosis
    from bot.world.repository import Repository

NEWEST = 2_000
"""Files that are read; `lockstep audit` reads them all."""
AT_ONCE = 200
LARGEST = 4 * 1024 * 1024
FOLDERS = tuple(f"{name}/" for name in (RECORDS, SEALS, ORDERS, FINDINGS))
SHOWN = 4


def stored(repository: Repository, tip: str) -> Iterator[tuple[str, bytes | None]]:
    """Read the files of the audit branch; None for one that is no plain file of a sane size."""
    listed = list(repository.tree(tip))
    plain = [
        (oid, path) for mode, oid, size, path in listed if mode == "100644" and size <= LARGEST
    ]
    yield from ((path, None) for _, _, _, path in listed if path not in {name for _, name in plain})
    chosen = sorted(plain, key=lambda one: _place(one[1]), reverse=True)[:NEWEST]
    for start in range(0, len(chosen), AT_ONCE):
        some = chosen[start : start + AT_ONCE]
        texts = repository.contents([oid for oid, _ in some])
        yield from zip((path for _, path in some), texts, strict=True)


def diagnose_records(files: Iterable[tuple[str, bytes | None]]) -> Iterator[Diagnosis]:
    """Check that each file is what its place says."""
    broken, count = [], 0
    for path, text in files:
        count += 1
        said = _trouble(path, text)
        if said:
            broken.append(f"{path[:80]} {said}")
    if broken:
        more = f" and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
        what = f"on {BRANCH}: {'; '.join(broken[:SHOWN])}{more}"
        remedy = f"see who wrote it: git log -p origin/{BRANCH} -- {broken[0].split(' ')[0]}"
        yield wrong("audit-records", what, remedy)
    elif count:
        yield fine("audit-records", f"{counted(count, 'file')} of {BRANCH} can be read")
    else:
        yield fine("audit-records", f"{BRANCH} is not there yet; the first decision makes it")


def _place(path: str) -> tuple[int, str]:
    """Order by the number of the request, so that the newest are read first."""
    parts = path.split("/")
    number = parts[1] if len(parts) > 2 and parts[1].isdigit() else "0"
    return int(number[:12]), path


def _trouble(path: str, text: bytes | None) -> str:
    """Say what is wrong with a file; empty when nothing is."""
    if text is None:
        return "is no plain file of a sane size"
    if not path.startswith(FOLDERS):
        return "is nothing that Lockstep writes"
    if path.startswith(f"{ORDERS}/"):
        return "" if in_place(path, text) is not None else "is no order, or lies in another's place"
    return _untold(path, text)


def _untold(path: str, text: bytes) -> str:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(content, dict):
        return "is not a JSON object"
    # Seals of early versions were sorted JSON; records were canonical from the first.
    if path.startswith(f"{RECORDS}/") and Record(content=content).bytes != text:
        return "is not in canonical form; its digest proves nothing"
    return ""
