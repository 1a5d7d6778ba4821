"""A client that openapi-python-client makes out of a server's OpenAPI document, used as whoever made it would.

    generated.py URL KEY FOLDER < rows.json

KEY may do everything; the code is made in FOLDER. Prints what was found as JSON.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

PACKAGE = "scoreline_api"


def main() -> None:
    """Make the code, use it, tell."""
    url, key, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    told = {"warnings": generate(url, key, folder)}
    sys.path.insert(0, str(folder))
    told["modules"] = import_all()
    print(json.dumps(told | use(url, key, json.load(sys.stdin))))


def generate(url: str, key: str, folder: Path) -> list[str]:
    """Make the code; return the first line of each warning with its reason."""
    document = folder / "openapi.json"
    document.write_bytes(httpx.get(f"{url}/openapi.json", headers={"x-api-key": key}).raise_for_status().content)
    (folder / "config.yml").write_text("post_hooks: []\n")  # how the code looks is of no interest
    tool = Path(sys.executable).with_name("openapi-python-client")
    options = ["--meta", "none", "--config", "config.yml", "--path", document.name, "--output-path", PACKAGE]
    done = subprocess.run([tool, "generate", *options], cwd=folder, capture_output=True, text=True, check=True)
    text = done.stdout + done.stderr
    return [" ".join(pair) for pair in re.findall(r"^(?:WARNING|ERROR) (.*)\n\n(.*)$", text, re.MULTILINE)]


def import_all() -> int:
    """Import every module; return how many there are."""
    package = importlib.import_module(PACKAGE)
    found = [each.name for each in pkgutil.walk_packages(package.__path__, f"{PACKAGE}.")]
    for name in found:
        importlib.import_module(name)
    return len(found)


def use(url: str, key: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Call what a caller of the deployment ``loans`` calls, and what who looks after it does."""
    from scoreline_api import AuthenticatedClient
    from scoreline_api.api.access import create_key, create_token, list_keys, revoke_key
    from scoreline_api.api.code_samples import get_snippet, get_thrift_idl, list_snippets
    from scoreline_api.api.loans import get_deployment_loans, get_schema_of_loans, score_loans
    from scoreline_api.api.loans_h2o_driverless_ai import h2o_score_loans
    from scoreline_api.api.loans_open_inference_protocol import oip_score_loans
    from scoreline_api.api.server import list_deployments
    from scoreline_api.models import (
        Error,
        GetSnippetLanguage,
        H2OScoreRequest,
        KeyRequest,
        KeyRequestRoleType0,
        LoansRow,
        LoansRows,
        OIPInput,
        OIPRequest,
        Table,
        TokenRequest,
    )

    client = AuthenticatedClient(base_url=url, token=key)
    typed = [LoansRow(**row) for row in rows]
    one, several = (
        score_loans.sync(client=client, body=typed[0]),
        score_loans.sync(client=client, body=LoansRows(typed)),
    )
    fields = list(rows[0])
    table = score_loans.sync(client=client, body=Table(fields, [list(row.values()) for row in rows]))
    wrong = LoansRow(income="much")
    refused = score_loans.sync_detailed(client=client, body=[typed[0], wrong])
    stranger = AuthenticatedClient(base_url=url, token="sl_of_nobody")
    unknown = score_loans.sync_detailed(client=stranger, body=typed[0])

    made = create_key.sync(client=client, body=KeyRequest(name="of generated code", role=KeyRequestRoleType0.SCORER))
    own = AuthenticatedClient(base_url=url, token=made.secret)
    with_own = score_loans.sync(client=own, body=typed[0])
    forbidden = create_key.sync(client=own, body=KeyRequest(name="more"))
    revoked = revoke_key.sync(made.key.id, client=client)
    names = {each.id: each.name for each in list_keys.sync(client=client).keys}
    token = create_token.sync(client=client, body=TokenRequest(grant_type="api_key", api_key=key))
    with_token = score_loans.sync(client=AuthenticatedClient(base_url=url, token=token.access_token), body=typed[0])

    h2o = h2o_score_loans.sync(
        client=client, body=H2OScoreRequest(fields, [[str(value) for value in rows[0].values()]])
    )
    tensors = [OIPInput(name, [1], datatype(value), [value]) for name, value in rows[0].items()]
    oip = oip_score_loans.sync(client=client, body=OIPRequest(inputs=tensors))
    return {
        "one": [prediction.probability.to_dict() for prediction in one.predictions],
        "several": [prediction.probability.to_dict() for prediction in several.predictions],
        "table": [prediction.probability.to_dict() for prediction in table.predictions],
        "labels": [prediction.label for prediction in several.predictions],
        "answered by": [several.deployment, several.model, several.version],
        "refused": [refused.status_code, type(refused.parsed).__name__, refused.parsed.error.to_dict()],
        "unknown": [unknown.status_code, type(unknown.parsed).__name__, unknown.parsed.error.code],
        "deployments": [each.name for each in list_deployments.sync(client=client).deployments],
        "status": get_deployment_loans.sync(client=client).status,
        "columns": sorted(column["name"] for column in get_schema_of_loans.sync(client=client).to_dict()["columns"]),
        "with own key": with_own.predictions[0].label,
        "forbidden": [isinstance(forbidden, Error), forbidden.error.code],
        "revoked": [revoked.revoked_at is not None, names[made.key.id]],
        "with token": with_token.predictions[0].label,
        "h2o": [float(cell) for cell in h2o.score[0]],
        "open inference": oip.outputs[0].data,
        "snippet": get_snippet.sync("loans", GetSnippetLanguage.CURL, client=client),
        "snippets": sorted(list_snippets.sync("loans", client=client).snippets.to_dict()),
        "thrift": get_thrift_idl.sync("loans", client=client),
    }


def datatype(value: Any) -> str:
    """Return the name of a value's type in the Open Inference Protocol."""
    return "BYTES" if isinstance(value, str) else "FP64"


if __name__ == "__main__":
    main()
