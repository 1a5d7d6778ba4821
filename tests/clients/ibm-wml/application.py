"""What the application of IBM's tutorial asks: a token by user name and password, then one row, then what it shows.

Reads one JSON document from its input, and prints one.
"""

import json
import sys
import warnings

import requests

warnings.simplefilter("ignore")  # the application checks no certificate, and is told so each time
given = json.load(sys.stdin)

session = requests.Session()
session.verify = False
answer = session.get(given["auth_url"], auth=(given["username"], given["password"]), timeout=30)
token = answer.json()["accessToken"]


def ask(credential):
    headers = {"Content-Type": "application/json", "Authorization": credential, "Cache-Control": "no-cache"}
    body = {"input_data": [{"fields": given["fields"], "values": given["values"]}]}
    return session.post(given["model_url"], json=body, headers=headers, timeout=30)


scored = ask(f"Bearer {token}").json()
found = dict(zip(scored["predictions"][0]["fields"], scored["predictions"][0]["values"][0], strict=True))
told = {
    "label": found["predictedLabel"],
    "percent": round(found["probability"][1] * 100, 2),
    "with the word twice": ask(f"Bearer Bearer {token}").status_code,
    "with no token": ask("Bearer x.y.z").status_code,
}
json.dump(told, sys.stdout)
