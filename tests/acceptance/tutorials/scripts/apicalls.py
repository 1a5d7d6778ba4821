"""What the project's apicalls.py does: call the four routes, join the answers, write them to apireturns.txt.

``/prediction`` is asked in each form that public solutions have.
"""

import os
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

URL = os.environ["URL"]
KEY = {"x-api-key": os.environ["KEY"]}
FILE = "testdata/testdata.csv"


def call(path, method="GET", body=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(URL + path, body, KEY | named, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


rows = Path("data", FILE).read_bytes()
form = (
    b'--x\r\nContent-Disposition: form-data; name="dataset"; filename="testdata.csv"\r\n\r\n' + rows + b"\r\n--x--\r\n"
)
answers = [
    call("/prediction", "POST", b'{"filepath": "%b"}' % FILE.encode(), Content_Type="application/json"),
    *(call(f"/prediction?{urlencode({name: FILE})}", "POST") for name in ("filename", "data", "datapath")),
    call("/prediction", "POST", rows, Content_Type="text/csv"),
    call("/prediction", "POST", form, Content_Type="multipart/form-data; boundary=x"),
    call(f"/scoring?filename={FILE}"),
    call("/summarystats?filename=sourcedata/dataset3.csv"),
    call("/diagnostics"),
]
Path("apireturns.txt").write_text("\n".join(answers) + "\n")
print("\n".join(answers))
