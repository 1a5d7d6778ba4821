"""IBM's own Python clients, unmodified, over TLS: only the host and the key are ours."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.acceptance.clouds import run_client
from tests.acceptance.conftest import Scoreline
from tests.acceptance.tutorials.ibm import FIELDS, LABELS, ROW
from tests.artifacts import tiny_artifact

from scoreline.app.settings import Settings, open_app
from scoreline.core.access import EVERY_SPACE
from scoreline.core.schema import Column, Schema

USER, PASSWORD = "ada", "four words are enough"


class Ibm(NamedTuple):
    """A server, and who may do what on it."""

    url: str
    key: str
    folder: Path

    def client(self, name: str, script: str, **given: Any) -> dict[str, Any]:
        """Run a script with the interpreter of a client; return what it prints."""
        usual = {"url": self.url, "key": self.key, "certificate": str(self.folder / "cert.pem")}
        asked = json.dumps({**usual, "username": USER, "password": PASSWORD, **given})
        return run_client(name, script, given=asked, HOME=str(self.folder))


@pytest.fixture(scope="module")
def ibm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ibm]:
    """A server over TLS with the tutorial's model, deployed online as ``credit`` and in batch as ``nightly``."""
    scoreline = Scoreline(tmp_path_factory.mktemp("ibm"))
    columns = tuple(
        Column(name=name, type="number" if isinstance(value, int) else "category", example=value)
        for name, value in zip(FIELDS, ROW, strict=True)
    )
    row = dict(zip(FIELDS, ROW, strict=True))
    file = scoreline.folder / "credit.scoreline"
    tiny_artifact(file, target="Risk", labels=tuple(LABELS), schema=Schema(columns=columns), rows=[row])
    with tarfile.open(scoreline.folder / "credit.tar.gz", "w:gz") as archive:
        archive.add(file, "credit.scoreline")
    with open_app(Settings.of(home=scoreline.home, environment={})) as app:
        app.registry.register(file)
        app.registry.deploy("credit", "credit")
        app.registry.deploy("nightly", "credit")
        app.security.create_user(USER, PASSWORD)
        app.security.grant(USER, EVERY_SPACE, "admin")
        key = app.security.create_key("ibm", space=EVERY_SPACE, role="admin").secret
    made = scoreline("cert", "--cert", "cert.pem", "--key", "key.pem")
    assert made.status == 0, made.err
    process = scoreline.start(
        *("serve", "--port", "0", "--https-port", "0", "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--json"),
        stderr=subprocess.DEVNULL,
    )
    try:
        text = ""
        while not text.rstrip().endswith("\n}"):
            line = process.stdout.readline()
            assert line, "the server has not started"
            text += line
        yield Ibm(json.loads(text)["https_url"], key, scoreline.folder)
    finally:
        process.terminate()
        process.communicate(timeout=30)


BLOCKS = [{"fields": FIELDS, "values": [ROW, [None, *ROW[1:]]]}, {"fields": ["Age", "Nothing"], "values": [[20, 1]]}]
LIFECYCLE = {
    "spaces by kind of credentials": {
        kind: ["default"] for kind in ("password and bedrock", "password", "key", "token")
    },
    "set": "SUCCESS",
    "jobs": 1,
    "deleted job": "SUCCESS",
    "deleted": ["SUCCESS", "SUCCESS"],
    "deleted model": "SUCCESS",
    "left": 2,
}


@pytest.mark.parametrize(
    ("client", "short", "in_the_cloud"),
    [
        pytest.param(
            "ibm-wml",
            "wml",
            False,
            marks=pytest.mark.skipif(sys.version_info >= (3, 13), reason="IBM publishes this one up to Python 3.12"),
        ),
        ("ibm-watsonx", "wx", False),
        ("ibm-watsonx", "wx", True),
    ],
)
def test_a_client_of_ibms_goes_through_the_life_of_a_model(
    ibm: Ibm, client: str, short: str, in_the_cloud: bool
) -> None:
    given = {"model": str(ibm.folder / "credit.tar.gz"), "blocks": BLOCKS, "in the cloud's way": in_the_cloud}
    told = ibm.client(client, "lifecycle.py", **given)
    assert {name: told[name] for name in LIFECYCLE} == LIFECYCLE
    assert "Credit Risk" in told["models"]
    assert [f"{short} batch", "ready", "model"] in told["listed"]
    assert ["credit", "ready", "model"] in told["listed"]
    assert told["scoring href"].startswith(f"{ibm.url}/ml/v4/deployments/")
    assert told["renamed"] == f"{short} renamed"
    first, second = told["predictions"]
    assert first["fields"] == ["prediction", "probability"]
    assert [len(block["values"]) for block in (first, second)] == [2, 1]
    assert told["job predictions"] == told.get("by serving name", told["predictions"]) == told["predictions"]
    assert (told["job states"][0], told["job states"][-1]) == ("queued", "completed")


def test_the_batch_notebook_runs_to_completed(ibm: Ibm) -> None:
    told = ibm.client("ibm-wml", "notebook.py", space="default", deployment="nightly", fields=FIELDS, values=[ROW] * 14)
    assert told["states"][-1] == "completed"
    assert len(told["predictions"][0]["values"]) == 14
