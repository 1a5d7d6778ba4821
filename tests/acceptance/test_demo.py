"""The first command a person types, and what they do with its output."""

import json
import re
import shlex
import signal
import socket
import threading
import urllib.error
import urllib.request

import pytest

TIME = "20"
"""Seconds; a demo that has both cores needs some 10 of them."""


@pytest.fixture
def taken():
    """Return a port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def curl_in(told):
    """Return the pasted command's URL, header and body, as a shell would take them apart."""
    command = re.search(r"^curl -s \S+/score -H 'x-api-key: \S+' -d '\{.*?\}'$", told, re.DOTALL | re.MULTILINE)
    assert command, told
    _, _, url, _, header, _, body = shlex.split(command[0])
    return url, dict([header.split(": ")]), body


def test_the_demo_stays_up_answers_what_it_shows_and_stops_at_ctrl_c(scoreline, taken):
    process = scoreline.start("demo", "--time", TIME, "--port", str(taken))
    told = []
    limit = threading.Timer(150, process.kill)
    limit.start()
    try:
        for line in process.stdout:
            told.append(line)
            if "Ctrl-C stops" in line:
                break
        text = "".join(told)
        for part in (
            *("1,000 rows", "class balance", "missing values", "high cardinality", "leakage", "duplicate rows"),
            *("Training", "Winner", "validation", "test", "precision", "MCC", "importance", "Proof", "training"),
            *("one row", "credit-risk, version 1", f"port {taken} is taken", "Next"),
        ):
            assert part in text
        url, headers, body = curl_in(text)
        with urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers), timeout=10) as response:
            answer = response.read().decode()
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(urllib.request.Request(url, body.encode()), timeout=10)
        assert answer in text.replace("\n", ""), "the answer is the one that the demo showed"
        assert set(json.loads(answer)["predictions"][0]["probability"]) == {"good", "bad"}
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        limit.cancel()
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in err
    assert (scoreline.home / "demo").is_dir()
    assert [path.name for path in scoreline.home.iterdir()] == ["demo"], "nothing outside the demo's own folder"


def test_the_demo_ends_with_its_document_and_status_0_where_it_is_asked_to(scoreline):
    done = scoreline("demo", "--exit", "--json", "--time", TIME, "--port", "0")
    assert done.status == 0, done.err
    found = done.document
    assert found["deployment"]["version"] == 1
    assert found["scores"]["test"]["auc"] > 0.6
    assert found["parity"]["largest"] < 1e-5
    assert found["answer"]["predictions"][0]["label"] in ("good", "bad")
    listed = scoreline("models", "--json", "--home", str(scoreline.home / "demo")).document
    assert [model["name"] for model in listed["models"]] == ["credit-risk"]
    audit = scoreline("audit", "--json", "--home", str(scoreline.home / "demo")).document["records"]
    assert [(record["action"], record["origin"]) for record in reversed(audit)] == [
        ("model.register", "command line"),
        ("deployment.create", "command line"),
        ("key.create", "command line"),
    ]
