"""The two Azure courses: endpoint.py, the benchmark, Swagger, the log."""

from __future__ import annotations

import re

from tests.acceptance.tutorials.step import Step, World, said

FIRST, SECOND = "Azure ML in production 1", "Azure ML in production 2"
BENCHMARK = (
    "ab -n 10 -v 4 -p data.json -T 'application/json' -H 'Authorization: Bearer REPLACE_WITH_KEY' REPLACE_WITH_API_URL"
)
AZURES_ANSWER = '{"result": ["yes", "no"]}'


def prints_the_text(world: World, answer: str) -> None:
    """The text inside of the JSON text, one label a row."""
    assert said(answer) == {"result": ["yes", "no"]}


def fails_never(world: World, answer: str) -> None:
    """Ten requests of HTTP/1.0, ten documents of 33 bytes."""
    told = dict(re.findall(r"^([A-Z][A-Za-z0-9 ]+): +(\d+)", answer, re.MULTILINE))
    assert (told["Complete requests"], told["Failed requests"], told["Document Length"]) == ("10", "0", "33")
    assert "Non-2xx" not in answer
    assert answer.count(r'"{\"result\": [\"yes\", \"no\"]}"') == 10


def is_the_document(world: World, answer: str) -> None:
    """Swagger 2.0 with the columns of the model, dots in names and all."""
    document = said(answer)
    assert document["swagger"] == "2.0"
    assert {"age", "emp.var.rate", "nr.employed"} <= set(document["definitions"]["Row"]["properties"])


def tries_it_out(world: World, answer: str) -> None:
    """The example of the document, sent from another site, has an answer."""
    assert re.fullmatch(r"RunMLService \{\"result\": \[\"(yes|no)\"\]\}\n", answer)


def has_a_line_a_request(world: World, answer: str) -> None:
    """The log, as the courses' logs.py prints it."""
    lines = said(answer)["content"].splitlines()
    assert lines
    assert all(re.fullmatch(r"\S+ azure 200 [\d.]+ms rows=\d+ version=1 request=\S+", line) for line in lines)


def _results(answer: str) -> str:
    wanted = ("Document Length", "Complete requests", "Failed requests", "Requests per second", "Time per request")
    return "\n".join(line for line in answer.splitlines() if line.startswith(wanted))


def _head(answer: str) -> str:
    document = said(answer)
    return f'{{"swagger": "{document["swagger"]}", "info": …, "paths": {{{", ".join(document["paths"])}}}, …}}'


ENDPOINT = Step(
    FIRST,
    "endpoint.py: two clients of the bank to the service",
    "python endpoint.py",
    {},
    AZURES_ANSWER,
    prints_the_text,
    environment={"SCORING_URI": "azure scoring address", "KEY": "azure key"},
)
BENCH = Step(
    FIRST,
    "the benchmark, ten requests one after another",
    f"python endpoint.py > /dev/null\n{BENCHMARK}",
    {"REPLACE_WITH_KEY": "azure key", "REPLACE_WITH_API_URL": "azure scoring address"},
    "Document Length: 33 bytes, Complete requests: 10, Failed requests: 0, Requests per second: 6.25",
    fails_never,
    environment={"SCORING_URI": "azure scoring address", "KEY": "azure key"},
    show=_results,
)
FETCH = Step(
    FIRST,
    "wget of swagger.json",
    "wget -q -O swagger.json --header 'Authorization: Bearer REPLACE_WITH_KEY' SWAGGER_URI && cat swagger.json",
    {"REPLACE_WITH_KEY": "azure key", "SWAGGER_URI": "azure document address"},
    "the document of the service, Swagger 2.0",
    is_the_document,
    show=_head,
)
TRY = Step(
    FIRST,
    "serve.py and Swagger UI at port 9000: the document from a file, its example from a browser",
    'curl -sf -H "Authorization: Bearer $KEY" -o swagger.json $SWAGGER && python swagger.py',
    {},
    "the answer to the example, in the page",
    tries_it_out,
    environment={"KEY": "azure key", "SWAGGER": "azure document address"},
)
LOGS = Step(
    SECOND,
    "logs.py: the log of the service",
    'python endpoint.py > /dev/null && curl -sf -H "Authorization: Bearer $KEY" $SERVICE/logs?tail=2',
    {},
    "the lines of the container",
    has_a_line_a_request,
    environment={"SCORING_URI": "azure scoring address", "KEY": "azure key", "SERVICE": "azure service address"},
)
AZURE = [ENDPOINT, BENCH, FETCH, TRY, *(step._replace(tutorial=SECOND) for step in (ENDPOINT, BENCH)), LOGS]
