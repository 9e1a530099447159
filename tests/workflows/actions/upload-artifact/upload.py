"""Zip a folder and leave it with the test server, as a run's artifact."""

from __future__ import annotations

import io
import os
import urllib.request
import zipfile
from pathlib import Path

folder = Path(os.environ["FROM"])
files = sorted(path for path in folder.rglob("*") if path.is_file())
assert files, f"nothing is in {folder}"
zipped = io.BytesIO()
with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
    for path in files:
        archive.write(path, path.relative_to(folder).as_posix())
run, name = os.environ["GITHUB_RUN_ID"], os.environ["NAME"]
kept = Path(os.environ["LOCKSTEP_TEST_RUNS"]) / run / f"{name}.zip"
kept.parent.mkdir(parents=True, exist_ok=True)
kept.write_bytes(zipped.getvalue())
place = f"{os.environ['GITHUB_REPOSITORY']}/runs/{run}/{name}"
request = urllib.request.Request(
    f"{os.environ['GITHUB_SERVER_URL']}/storage/{place}", zipped.getvalue(), method="PUT"
)
with urllib.request.urlopen(request, timeout=10) as answer:
    assert answer.status == 201
