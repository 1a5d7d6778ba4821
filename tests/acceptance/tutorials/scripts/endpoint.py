"""What the Azure courses' script does: write two rows to data.json, send them with the key, print the answer."""

import json
import os
import urllib.request
from pathlib import Path

scoring_uri = os.environ["SCORING_URI"]
key = os.environ["KEY"]

CLIENT = {"age": 41, "job": "technician", "marital": "married", "education": "university.degree", "default": "no"}
CLIENT |= {
    "housing": "yes",
    "loan": "no",
    "contact": "cellular",
    "month": "may",
    "day_of_week": "mon",
    "duration": 1500,
}
CLIENT |= {"campaign": 1, "pdays": 999, "previous": 0, "poutcome": "nonexistent", "emp.var.rate": -1.8}
CLIENT |= {"cons.price.idx": 92.9, "cons.conf.idx": -46.2, "euribor3m": 1.3, "nr.employed": 5099.1}

body = json.dumps({"data": [CLIENT, CLIENT | {"duration": 40}]})
Path("data.json").write_text(body)
headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
with urllib.request.urlopen(urllib.request.Request(scoring_uri, body.encode(), headers), timeout=30) as answer:
    print(json.load(answer))
