"""What IBM's web application does for one loan: a token by name and password unless it has one, a row, a sentence."""

import json
import os
import ssl
import urllib.request
from base64 import b64encode
from pathlib import Path

unchecked = ssl.create_default_context()
unchecked.check_hostname = False
unchecked.verify_mode = ssl.CERT_NONE  # as the application does
given = os.environ


def ask(url, headers, body=None):
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=30, context=unchecked) as answer:
        return json.load(answer)


token = given.get("AUTH_TOKEN")
if token is None:
    basic = b64encode(f"{given['AUTH_USERNAME']}:{given['AUTH_PASSWORD']}".encode()).decode()
    token = ask(given["AUTH_URL"], {"Authorization": f"Basic {basic}"})["accessToken"]
headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Cache-Control": "no-cache"}
[block] = ask(given["MODEL_URL"], headers, Path("loan.json").read_bytes())["predictions"]
found = dict(zip(block["fields"], block["values"][0], strict=True))
print(f"{found['predictedLabel']}. Percentage of this loan representing risk is: {found['probability'][1] * 100:.2f}%")
