"""Start a job so that it ends with the server and never takes the machine from it.

Run as a file, `python -I leash.py PARENT COMMAND…`: it tells the kernel to end the job when the
server dies, lets the job run behind the server, offers it first where memory runs out, and
becomes the job.  Imports are few: it runs before every job.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
NICENESS = 10
OFFERED_FIRST = "500"


def main() -> None:
    """Become the job."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123 -- pathlib would be half of the start
            score.write(OFFERED_FIRST)
    if os.getppid() != int(parent):
        sys.exit("the server is gone")
    os.nice(NICENESS)
    os.execv(command[0], command)  # noqa: S606 -- the command is ours, and no shell is meant


if __name__ == "__main__":
    main()
