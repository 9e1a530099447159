"""Opens a server as a process of its own, with terms that the command line does not offer.

Run as `python opening.py SETTING`, a JSON table.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bot.serve.crew import Terms
from bot.serve.journal import Journal, forms
from bot.serve.patience import Patience
from bot.serve.running import Setting, serve


def main() -> None:
    told = json.loads(sys.argv[1])
    secrets = tuple(one.encode() for one in told["secrets"])
    setting = Setting(
        host="127.0.0.1",
        port=0,
        folder=Path(told["folder"]),
        repositories=tuple(told["repositories"]),
        secrets=secrets,
        verb=told["verb"],
        environment=told["environment"],
        most=told["most"],
        terms=Terms(**told["terms"]),
        patience=Patience(**told["patience"]),
    )
    serve(setting, Journal(forms(told["secrets"])))


if __name__ == "__main__":
    main()
