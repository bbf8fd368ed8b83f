"""Says what ACRO says of a random table: makes microdata.csv and outcomes.json beside it.

    python3 -m venv venv && venv/bin/pip install acro==1.0.2 pandas==2.3.3 && venv/bin/python outcomes.py

ACRO is by UWE Bristol, MIT licence; nothing of it is copied here. The microdata is random.
"""
import csv
import json
import logging
import random

import pandas as pd
logging.disable(logging.CRITICAL)
import acro
random.seed(20261122)
regions = ["east", "north", "south", "west"]
kinds = ["a", "b", "c", "d", "e"]
rows = []
person = 0
for r, region in enumerate(regions):
    for k, kind in enumerate(kinds):
        n = [0, 9, 10, 11, 25, 12, 40, 3, 10, 15, 18, 1, 60, 9, 13, 10, 33, 14, 11, 2][r * 5 + k]
        shape = random.choice(["flat", "heavy", "one"])
        for i in range(n):
            if shape == "flat":
                v = random.randint(50, 150)
            elif shape == "heavy":
                v = int(10 * random.paretovariate(0.7))
            else:
                v = random.randint(800, 1200) if i < 2 else random.randint(1, 40)
            person += 1
            rows.append((person, region, kind, v))
# cells at the very boundary of the dominance and p% rules
def cell(region, values):
    global person
    for v in values:
        person += 1
        rows.append((person, region, "edge", v))
cell("east", [450, 450] + [10] * 10)           # top 2 = 0.90 exactly
cell("north", [449, 450] + [10] * 10 + [1])    # just below
cell("south", [1000, 300] + [10] * 10)         # remainder / largest = 0.10 exactly
cell("west", [1000, 300] + [10] * 9 + [9])     # just below 0.10
random.shuffle(rows)
with open("microdata.csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["person", "region", "kind", "value"])
    w.writerows(rows)
df = pd.DataFrame(rows, columns=["person", "region", "kind", "value"])
out = {"acro": "1.0.2", "tables": {}}
session = acro.ACRO(suppress=False)
for name, agg in [("count", None), ("sum", "sum"), ("mean", "mean"), ("std", "std"), ("median", "median")]:
    if agg is None:
        t = session.crosstab(df["region"], df["kind"])
    else:
        t = session.crosstab(df["region"], df["kind"], values=df["value"], aggfunc=agg)
    rec = list(session.results.results.values())[-1]
    out["tables"][name] = {"status": rec.status, "outcome": json.loads(rec.outcome.to_json(orient="index"))}
json.dump(out, open("outcomes.json", "w"), indent=1, sort_keys=True)
