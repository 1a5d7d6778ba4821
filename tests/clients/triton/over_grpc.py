"""tritonclient over gRPC, with and without TLS: what the server is, scores, deadlines, the repository."""

import json
import sys

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

address, certificate, scorer, editor, rows = *sys.argv[1:5], json.loads(sys.argv[5])
client = triton.InferenceServerClient(address, ssl=bool(certificate), root_certificates=certificate or None)
score, edit = ({"authorization": f"Bearer {key}"} for key in (scorer, editor))


def tensors(n=1):
    incomes = triton.InferInput("income", [len(rows) * n], "FP64")
    incomes.set_data_from_numpy(np.array([row["income"] for row in rows] * n))
    ages = triton.InferInput("age", [len(rows) * n, 1], "INT64")
    ages.set_data_from_numpy(np.array([[row["age"]] for row in rows] * n))
    cities = triton.InferInput("city", [len(rows) * n], "BYTES")
    cities.set_data_from_numpy(np.array([row["city"].encode() for row in rows] * n, object))
    return [incomes, ages, cities]


def infer(**more):
    found = client.infer("loans", tensors(), headers=score, request_id="mine", **more)
    return {
        "scores": found.as_numpy("probability").astype(float).tolist(),
        "labels": [text.decode() for text in found.as_numpy("label").tolist()],
        "id": found.get_response().id,
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
    "server": client.get_server_metadata(headers=score, as_json=True),
    "model": client.get_model_metadata("loans", headers=score, as_json=True),
    "raw": infer(),
    "packed": infer(compression_algorithm="gzip"),
    "one output": client.infer(
        "loans", tensors(), headers=score, outputs=[triton.InferRequestedOutput("label")]
    ).as_numpy("probability")
    is None,
    "many": len(client.infer("loans", tensors(5000), headers=score).as_numpy("label")),
    "version": infer(model_version="1")["scores"],
    "index": client.get_model_repository_index(headers=score, as_json=True),
    "may not": refused(lambda: client.unload_model("loans", headers=score)),
    "wrong key": refused(lambda: client.infer("loans", tensors(), headers={"x-api-key": "sl_wrong"})),
    "no key": refused(lambda: client.infer("loans", tensors())),
    "wrong version": refused(lambda: infer(model_version="77")),
    "too late": refused(lambda: client.infer("loans", tensors(5000), headers=score, client_timeout=1e-4)),
}
client.load_model("spare", headers=edit)
told["loaded"] = client.is_model_ready("spare", headers=score)
client.unload_model("spare", headers=edit)
told["unloaded"] = client.get_model_repository_index(headers=score, as_json=True)
print(json.dumps(told))
