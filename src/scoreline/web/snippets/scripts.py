"""Languages that are run as they are written."""

from __future__ import annotations

import pprint
import shlex
from typing import Any

from scoreline.web.snippets.literals import WIDTH, laid_out, quoted


class Curl:
    """A POSIX shell; ``--fail-with-body`` came with 7.76, in 2021."""

    name = "curl"
    file = "score.sh"
    needs = "curl 7.76 or later"
    comment = "#"
    run = ("export SCORELINE_API_KEY='your key'", "sh score.sh")
    trust = ("export CURL_CA_BUNDLE=scoreline-cert.pem",)

    def write(self, url: str, document: Any) -> str:
        return f"""\
curl -sS --fail-with-body {shlex.quote(url)} \\
  -H "Authorization: Bearer $SCORELINE_API_KEY" \\
  -H 'Content-Type: application/json' \\
  -d {shlex.quote(laid_out(document))}
"""


class Python:
    """Python 3."""

    name = "python"
    file = "score.py"
    needs = "Python 3.6 or later"
    comment = "#"
    run = ("export SCORELINE_API_KEY='your key'", "python3 score.py")
    trust = ("export SSL_CERT_FILE=scoreline-cert.pem",)

    def write(self, url: str, document: Any) -> str:
        literal = pprint.pformat(document, sort_dicts=False, width=WIDTH)
        body = literal.encode("ascii", "backslashreplace").decode()
        return f"""\
import json
import os
import sys
import urllib.error
import urllib.request

body = {body}
request = urllib.request.Request(
    {quoted(url)},
    data=json.dumps(body).encode(),
    headers={{
        "Authorization": "Bearer " + os.environ.get("SCORELINE_API_KEY", ""),
        "Content-Type": "application/json",
    }},
)
try:
    with urllib.request.urlopen(request) as response:
        print(response.read().decode())
except urllib.error.HTTPError as refused:
    sys.exit(f"{{refused.code}} {{refused.reason}}\\n{{refused.read().decode()}}")
"""


class JavaScript:
    """Node.js, Deno or Bun."""

    name = "javascript"
    file = "score.js"
    needs = "Node.js 18 or later"
    comment = "//"
    run = ("export SCORELINE_API_KEY='your key'", "node score.js")
    trust = ("export NODE_EXTRA_CA_CERTS=scoreline-cert.pem",)

    def write(self, url: str, document: Any) -> str:
        return f"""\
const body = {laid_out(document)};

fetch({quoted(url)}, {{
  method: "POST",
  headers: {{
    "Authorization": "Bearer " + (process.env.SCORELINE_API_KEY ?? ""),
    "Content-Type": "application/json",
  }},
  body: JSON.stringify(body),
}}).then(async (response) => {{
  const answer = await response.text();
  if (response.ok) {{
    console.log(answer);
  }} else {{
    console.error(response.status, response.statusText, answer);
    process.exitCode = 1;
  }}
}});
"""


class R:
    """R, with the package that most of its users send requests with."""

    name = "r"
    file = "score.R"
    needs = 'R 4.1 or later with install.packages("httr2")'
    comment = "#"
    run = ("export SCORELINE_API_KEY='your key'", "Rscript score.R")
    trust = ("sed -i 's/# req_options/req_options/' score.R",)

    def write(self, url: str, document: Any) -> str:
        trusted = '  # req_options(cainfo = "scoreline-cert.pem") |>\n' if url.startswith("https:") else ""
        body = laid_out(document).replace(')"', '\\u0029"')  # )" ends a raw text; in JSON ) stands in texts only
        return f"""\
library(httr2)

body <- r"({body})"
request({quoted(url)}) |>
  req_auth_bearer_token(Sys.getenv("SCORELINE_API_KEY")) |>
  req_body_raw(body, type = "application/json") |>
{trusted}  req_error(body = function(refused) resp_body_string(refused)) |>
  req_perform() |>
  resp_body_string() |>
  writeLines()
"""


class PowerShell:
    """PowerShell, that of Windows too. Nothing is escaped before ``'@``, which no line of JSON begins with."""

    name = "powershell"
    file = "score.ps1"
    needs = "PowerShell 5.1 or later"
    comment = "#"
    run = ("$env:SCORELINE_API_KEY = 'your key'", "./score.ps1")
    trust = ("certutil -user -addstore Root scoreline-cert.pem",)

    def write(self, url: str, document: Any) -> str:
        return f"""\
$body = @'
{laid_out(document)}
'@
try {{
    (Invoke-WebRequest -UseBasicParsing -Method Post -Uri '{url}' -Body $body `
        -ContentType 'application/json' -Headers @{{ Authorization = "Bearer $env:SCORELINE_API_KEY" }}).Content
}} catch {{
    throw "$($_.Exception.Message) $($_.ErrorDetails.Message)"
}}
"""
