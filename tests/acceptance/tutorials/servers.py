"""A real server for each tutorial: its model imported, deployed and served by the command line."""

from __future__ import annotations

import contextlib
import json
import shutil
import ssl
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import Scoreline
from tests.acceptance.tutorials.models import Made, make_models
from tests.acceptance.tutorials.step import HERE, World
from tests.processes import first_document

from scoreline.app.settings import Settings, open_app
from scoreline.core.access import DEFAULT_SPACE

USER, PASSWORD = "ada", "four words are enough"
SECURE = ("--https-port", "0", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
SERVERS = {
    "h2o open": ("cooling", ("--open",)),
    "h2o": ("cooling", SECURE),
    "ibm": ("credit", SECURE),
    "azure": ("bank", ("--cors-origin", "http://localhost:9000")),
    "udacity": ("risk", ("--data-folder", "data")),
}
"""Name → the model that it serves, and its options. The models have a home each."""


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """Serve the models; gives what the steps need."""
    scoreline = Scoreline(folder)
    done = scoreline("cert", "--cert", "cert.pem", "--key", "key.pem")
    assert done.status == 0, done.err
    for script in (HERE / "scripts").iterdir():
        shutil.copy(script, folder)
    models, expected = make_models(folder)
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda model: _deploy(folder, model), models))
    keys = {model.name: _make_key(folder, model) for model in models}
    with _served(folder) as processes:
        told = {name: first_document(process) for name, process in processes.items()}
        urls = {name: document.get("https_url", document["url"]) for name, document in told.items()}
        yield World(folder, _values(folder, urls, keys), expected)


def _home(folder: Path, model: str) -> Scoreline:
    command = Scoreline(folder)
    command.environment |= {"SCORELINE_HOME": str(folder / "homes" / model)}
    return command


def _deploy(folder: Path, model: Made) -> None:
    command = _home(folder, model.name)
    columns = ("--columns", ",".join(model.columns))
    for line in (
        ("import", f"{model.name}.skops", "--sample", f"{model.name}.csv", "--target", model.target, *columns),
        ("deploy", model.name),
    ):
        done = command(*line)
        assert done.status == 0, done.err


def _make_key(folder: Path, model: Made) -> str:
    with open_app(Settings.of(home=folder / "homes" / model.name, environment={})) as app:
        app.security.create_user(USER, PASSWORD)
        app.security.grant(USER, DEFAULT_SPACE, "scorer")
        return app.security.create_key("tutorial", space=DEFAULT_SPACE, role="scorer").secret


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[dict[str, subprocess.Popen[str]]]:
    processes = {
        name: _home(folder, model).start("serve", "--port", "0", *options, "--json", stderr=subprocess.DEVNULL)
        for name, (model, options) in SERVERS.items()
    }
    try:
        yield processes
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.communicate(timeout=30)


def _values(folder: Path, urls: dict[str, str], keys: dict[str, str]) -> dict[str, str]:
    return {
        "h2o host of an open server": urls["h2o open"],
        **{f"{name} host": url for name, url in urls.items()},
        "h2o key": keys["cooling"],
        "ibm key": keys["credit"],
        "ibm token": _token(folder, urls["ibm"], keys["credit"]),
        "ibm deployment": "credit",
        "ibm scoring address": f"{urls['ibm']}/v4/deployments/credit/predictions",
        "ibm login address": f"{urls['ibm']}/v1/preauth/validateAuth",
        "ibm user": USER,
        "ibm password": PASSWORD,
        "azure key": keys["bank"],
        "azure scoring address": f"{urls['azure']}/score",
        "azure document address": f"{urls['azure']}/swagger.json",
        "azure service address": f"{urls['azure']}/services/bank",
        "udacity key": keys["risk"],
    }


def _token(folder: Path, url: str, key: str) -> str:
    trusting = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    form = urllib.parse.urlencode({"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": key})
    with urllib.request.urlopen(f"{url}/identity/token", form.encode(), timeout=30, context=trusting) as answer:
        document: dict[str, Any] = json.load(answer)
    return str(document["access_token"])
