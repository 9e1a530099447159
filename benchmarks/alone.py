"""Load two models and predict, and nothing else: the floor of every evaluation.

Run as `python alone.py HOLDOUT MODEL MODEL FEATURES TRUSTED`.
"""

from __future__ import annotations

import sys

import pandas as pd
import skops.io

holdout, champion, challenger, features, trusted = sys.argv[1:]
rows = pd.read_parquet(holdout, columns=features.split(","))
for path in (champion, challenger):
    model = skops.io.load(path, trusted=[name for name in trusted.split(",") if name])
    model.predict_proba(rows)
