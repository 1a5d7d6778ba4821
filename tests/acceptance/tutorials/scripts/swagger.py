"""What a browser does that has Swagger UI at port 9000 open: read swagger.json from another port, ask, send.

The file is served as the courses' serve.py serves it: with ``Access-Control-Allow-Origin: *``.
"""

import json
import os
import threading
import urllib.request
from http.server import HTTPServer, SimpleHTTPRequestHandler

SITE = "http://localhost:9000"


class Files(SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_):
        pass


def ask(url, method="GET", body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, {"Origin": SITE, **headers}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", SITE)
        return answer.read()


served = HTTPServer(("localhost", 0), Files)
threading.Thread(target=served.serve_forever, daemon=True).start()
document = json.loads(ask(f"http://localhost:{served.server_port}/swagger.json"))
served.shutdown()

operation = document["paths"]["/score"]["post"]
url = f"{document['schemes'][0]}://{document['host']}{document['basePath'].rstrip('/')}/score"
example = document["definitions"]["ServiceInput"]["example"]
ask(url, "OPTIONS", Access_Control_Request_Method="POST", Access_Control_Request_Headers="authorization,content-type")
key = {"Authorization": f"Bearer {os.environ['KEY']}", "Content-Type": "application/json"}
print(operation["operationId"], json.loads(ask(url, "POST", json.dumps(example).encode(), **key)))
