"""A server that asks for keys, and for each test a space of its own on it."""

from __future__ import annotations

import gzip
import io
import itertools
import ssl
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.settings import App, Settings, open_app
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind

BLOCKS = [{"fields": ["age", "amount", "purpose"], "values": [[42, 1500.5, "radio"], [None, 300, "car"]]}]
_numbers = itertools.count(1)
http = httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), timeout=60)
"""One for all tests: to make one, with the authorities that it trusts, takes longer than most tests."""


class Caller:
    """Somebody with a key to one space, who calls as IBM's clients do."""

    def __init__(self, app: App, url: str, space: str, pipelines: list[bytes], key: str) -> None:
        self.app = app
        self.url = url
        self.space = app.security.space(space)
        self.pipelines = pipelines
        """Scoring pipelines that differ."""
        self.key = key
        self._headers = {"authorization": f"Bearer {key}"}

    def as_role(self, role: Any, **limits: Any) -> Caller:
        """Another one, with this role in the same space."""
        made = self.app.security.create_key(f"k{next(_numbers)}", space=self.space.name, role=role, **limits)
        return Caller(self.app, self.url, self.space.name, self.pipelines, made.secret)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        asked = httpx.URL(self.url + path)
        usual = {"version": "2026-10-14", "space_id": self.space.id}
        params = {**usual, **asked.params, **options.pop("params", {})}
        headers = self._headers | options.pop("headers", {})
        return http.request(method, asked.copy_with(query=None), params=params, headers=headers, **options)

    def store(self, name: str = "Credit Risk", n: int | None = 0, **said: Any) -> str:
        """Store a model, with the content of pipeline ``n`` if one is meant; return its id."""
        answer = self.ask("POST", "/ml/v4/models", json={"name": name, "type": "scikit-learn_1.3", **said})
        assert answer.status_code == 201, answer.text
        model: str = answer.json()["metadata"]["id"]
        if n is not None:
            filled = self.fill(model, self.pipelines[n])
            assert filled.status_code == 201, filled.text
        return model

    def fill(self, model: str, content: bytes, **params: Any) -> httpx.Response:
        parameters = {"content_format": "native", **params}
        return self.ask("PUT", f"/ml/v4/models/{model}/content", content=content, params=parameters)

    def deploy(self, model: str, name: str = "My deployment!", **said: Any) -> str:
        """Deploy a model, online unless it is said otherwise; return the deployment's id."""
        body = {"name": name, "asset": {"id": model}, **({"online": {}} if "batch" not in said else {}), **said}
        answer = self.ask("POST", "/ml/v4/deployments", json=body)
        assert answer.status_code == 202, answer.text
        deployment: str = answer.json()["metadata"]["id"]
        return deployment

    def score(self, deployment: str, blocks: Any = None) -> httpx.Response:
        body = {"input_data": BLOCKS if blocks is None else blocks}
        address = f"{self.url}/ml/v4/deployments/{deployment}/predictions?version=2020-09-01"
        return http.post(address, json=body, headers=self._headers)

    def job(self, deployment: str, **scoring: Any) -> httpx.Response:
        body = {"name": "nightly", "deployment": {"id": deployment}, "scoring": scoring or {"input_data": BLOCKS}}
        return self.ask("POST", "/ml/v4/deployment_jobs", json=body)

    def ended(self, job: str) -> dict[str, Any]:
        """Poll a job until it has ended."""
        deadline = time.monotonic() + 30
        while True:
            scoring: dict[str, Any] = self.ask("GET", f"/ml/v4/deployment_jobs/{job}").json()["entity"]["scoring"]
            if scoring["status"]["state"] not in ("queued", "running"):
                return scoring
            assert time.monotonic() < deadline, scoring


def packed(**files: bytes) -> bytes:
    """A tar.gz of these files; two underscores stand for a dot."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.replace("__", "."))
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, str, list[bytes]]]:
    folder: Path = tmp_path_factory.mktemp("ibm")
    pipelines = []
    for n in range(2):
        tiny_artifact(folder / "credit.scoreline", weight=0.001 * (n + 1))
        pipelines.append((folder / "credit.scoreline").read_bytes())
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        application = create_app(app.registry, control=app, gate=KeyGate(app.security))
        with background(application, bind(port=0)) as url:
            yield app, url, pipelines


@pytest.fixture
def ibm(service: tuple[App, str, list[bytes]]) -> Caller:
    """An administrator of a new space."""
    app, url, pipelines = service
    name = f"space-{next(_numbers)}"
    app.security.create_space(name)
    key = app.security.create_key(name, space=name, role="admin").secret
    return Caller(app, url, name, pipelines, key)
