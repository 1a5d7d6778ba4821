"""tritonclient over HTTP: what the server is, scores in JSON and in binary, the repository."""

import json
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

url, scorer, editor, rows = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
host = url.removeprefix("http://")
client = triton.InferenceServerClient(host, concurrency=2)
score, edit = ({"Authorization": f"Bearer {key}"} for key in (scorer, editor))


def tensors(*, binary):
    incomes = triton.InferInput("income", [len(rows)], "FP64")
    incomes.set_data_from_numpy(np.array([row["income"] for row in rows]), binary_data=binary)
    ages = triton.InferInput("age", [len(rows), 1], "INT64")
    ages.set_data_from_numpy(np.array([[row["age"]] for row in rows]), binary_data=binary)
    cities = triton.InferInput("city", [len(rows)], "BYTES")
    cities.set_data_from_numpy(np.array([row["city"].encode() for row in rows], object), binary_data=binary)
    return [incomes, ages, cities]


def infer(*, binary, **more):
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("probability", "label")]
    # It writes headers of its own into those that it is given.
    found = client.infer(
        "loans", tensors(binary=binary), outputs=outputs, headers=dict(score), request_id="mine", **more
    )
    labels = [text.decode() if isinstance(text, bytes) else text for text in found.as_numpy("label").tolist()]
    return {
        "scores": found.as_numpy("probability").astype(float).tolist(),
        "labels": labels,
        "id": found.get_response()["id"],
    }


def refused(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()]
    return None


told = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model ready": client.is_model_ready("loans", headers=score),
    "nobody ready": client.is_model_ready("nobody", headers=score),
    "server": client.get_server_metadata(headers=score),
    "model": client.get_model_metadata("loans", headers=score),
    "json": infer(binary=False),
    "binary": infer(binary=True),
    "packed": infer(binary=True, request_compression_algorithm="gzip", response_compression_algorithm="gzip"),
    "all outputs": client.infer("loans", tensors(binary=True), headers=score).as_numpy("probability").tolist(),
    "version": infer(binary=True, model_version="1")["scores"],
    "several": [
        each.get_result().as_numpy("probability").tolist()
        for each in [client.async_infer("loans", tensors(binary=True), headers=score) for _ in range(8)]
    ],
    "index": client.get_model_repository_index(headers=score),
    "may not": refused(lambda: client.unload_model("loans", headers=score)),
    "wrong key": refused(lambda: client.infer("loans", tensors(binary=True), headers={"x-api-key": "sl_wrong"})),
    "wrong version": refused(lambda: infer(binary=True, model_version="77")),
}
client.load_model("spare", headers=edit)
told["loaded"] = client.is_model_ready("spare", headers=score)
client.unload_model("spare", headers=edit)
told["unloaded"] = client.get_model_repository_index(headers=score)
print(json.dumps(told))
