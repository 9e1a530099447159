"""Reads documents as locks and policies in a process of its own, and says how each ended.

Documents come as a JSON list of base64 on the input; a limit of memory and one of time hold.
"""

from __future__ import annotations

import base64
import json
import resource
import sys
import time
from typing import TYPE_CHECKING

from bot.core.canonical import HEADER
from bot.core.errors import Refusal
from bot.core.lockfile import changed, fmt, model_in, parse
from bot.core.policyfile import parse_policy
from bot.gates import GATES

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = 1_500_000_000
"""Bytes of address space, of which an empty interpreter with these libraries takes a third."""
BASE = HEADER + b'  other:\n    versions: {"1": {}}\n'

READERS: dict[str, Callable[[bytes], object]] = {
    "lock": lambda text: parse(text, "models.lock"),
    "change": lambda text: changed(BASE, text, "models.lock"),
    "base": lambda text: changed(text, BASE, "models.lock"),
    "past": lambda text: model_in(text, "other", "models.lock"),
    "fmt": lambda text: fmt(text, "models.lock"),
    "policy": lambda text: parse_policy(text, "policies/x.yaml", GATES),
}


def ended(read: Callable[[bytes], object], text: bytes) -> str:
    """Say how reading a document ended."""
    try:
        read(text)
    except Refusal as refusal:
        said = str(refusal)
        said.encode()
        return f"refused: {said[:300]}"
    except Exception as error:  # noqa: BLE001 -- what must not happen is what is looked for
        return f"broke: {type(error).__name__}: {str(error)[:200]}"
    return "read"


def main() -> None:
    """Read every document by the named readers, or by all."""
    names = sys.argv[1:] or list(READERS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    told = []
    for document in json.load(sys.stdin):
        text = base64.b64decode(document)
        row = {}
        for name in names:
            start = time.perf_counter()
            row[name] = [ended(READERS[name], text), round(time.perf_counter() - start, 3)]
        told.append(row)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
