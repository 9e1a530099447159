"""Write `docs/faults.md`: how many positions each flow has, and how often each goes wrong.

Run as `python -m tests.faults.table`, with `--check` to compare what is there.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.faults.flows import FLOWS
from tests.faults.matrix import EACH, prepared, undisturbed
from tests.faults.troubles import KINDS, TROUBLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
TOP = """\
# Faults

<!-- Written by `python -m tests.faults.table`; changed there. -->

Every write of Lockstep is *probe, do, probe*.
`tests/faults` holds that to the test: each flow is run once undisturbed, and every request to the API and every fetch and push that it makes is a position.
Then, for each position, one thing goes wrong there; the process starts again without faults, as an event delivered again or a sweep would; and everything must stand as if nothing had happened: one report, one status that is the latest, at most one merge, one record with one seal, one order, one issue, one revert, no stale merge, no decision lost, and no traceback.

*Before* means that the call had no effect, *after* that it had and its answer was lost.
A call that is added to a flow adds its rows by itself.

"""  # noqa: E501 -- one sentence a line
END = """
`make faults` runs the whole product.
`make test` runs a part: every position meets {each} of the {kinds} kinds, in turn, and a kind sends its members in turn.
Besides, at the positions of the flows that merge, the head, the policy or the champion moves, or the request becomes a draft or is closed: what lands all the same is as judged, or an issue says that it is not.

What is not in it: git speaks with the bare repository itself here, so a git transport fails as a whole and not byte by byte.
A report that somebody deletes is written again while its request is open, and not after it landed.
"""  # noqa: E501 -- one sentence a line


def rows() -> list[tuple[str, int, int, int]]:
    """Count, for each flow: requests to the API, fetches and pushes, and runs of the product."""
    found = []
    for flow in FLOWS:
        with tempfile.TemporaryDirectory() as folder, prepared(flow, Path(folder)) as scene:
            calls = undisturbed(scene, flow)
        runs = sum(trouble.suits(call) for call in calls for trouble in TROUBLES)
        git = sum(call.git for call in calls)
        found.append((flow.name, len(calls) - git, git, runs))
    return found


def page(counted: list[tuple[str, int, int, int]]) -> str:
    """Write the page."""
    lines = ["| Flow | API | Git | Positions | Runs |", "|:--|--:|--:|--:|--:|"]
    lines += [
        f"| {name} | {api} | {git} | {api + git} | {runs:,} |" for name, api, git, runs in counted
    ]
    api, git, runs = (sum(row[at] for row in counted) for at in (1, 2, 3))
    lines.append(f"| **all** | {api} | {git} | {api + git} | **{runs:,}** |")
    lines += ["", "| Kind | What goes wrong |", "|:--|:--|"]
    for kind in KINDS:
        names = ", ".join(one.name for one in TROUBLES if one.kind == kind)
        lines.append(f"| {kind} | {names} |")
    return TOP + "\n".join(lines) + "\n" + END.format(each=EACH, kinds=len(KINDS))


def main() -> None:
    """Write the page, or say that it is not as it would be written."""
    written = page(rows())
    if "--check" not in sys.argv:
        PAGE.write_text(written)
    elif not PAGE.exists() or PAGE.read_text() != written:
        sys.exit(f"{PAGE.name} is stale; run `python -m tests.faults.table`")


if __name__ == "__main__":
    main()
