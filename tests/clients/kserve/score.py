"""KServe's clients: the first protocol and the second over REST, in JSON and in binary, and the second over gRPC."""

import asyncio
import json
import sys

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

url, address, key, rows = *sys.argv[1:4], json.loads(sys.argv[4])
headers = {"authorization": f"Bearer {key}"}
metadata = tuple(headers.items())


def request(*, binary):
    columns = {
        "income": ("FP64", np.array([row["income"] for row in rows])),
        "age": ("INT64", np.array([row["age"] for row in rows])),
        "city": ("BYTES", np.array([row["city"] for row in rows], dtype=object)),
    }
    inputs = []
    for name, (datatype, values) in columns.items():
        tensor = InferInput(name, [len(rows)], datatype)
        tensor.set_data_from_numpy(values, binary_data=binary)
        inputs.append(tensor)
    outputs = [RequestedOutput("probability", parameters={"binary_data": binary})]
    return InferRequest(model_name="loans", infer_inputs=inputs, request_id="mine", request_outputs=outputs)


def told_of(response):
    output = response.get_output_by_name("probability")
    return {"scores": output.as_numpy().astype(float).tolist(), "id": response.id}


async def main():
    first = InferenceRESTClient(RESTConfig(protocol="v1"))
    second = InferenceRESTClient(RESTConfig(protocol="v2"))
    grpc = InferenceGRPCClient(address)
    told = {
        "live": [await second.is_server_live(url), await grpc.is_server_live()],
        "ready": [await second.is_server_ready(url), await grpc.is_server_ready()],
        "model ready": [
            await first.is_model_ready(url, "loans", headers=headers),
            await second.is_model_ready(url, "loans", headers=headers),
            await grpc.is_model_ready("loans", headers=metadata),
        ],
        "first": await first.infer(url, {"instances": rows}, model_name="loans", headers=headers),
        "json": told_of(await second.infer(url, request(binary=False), model_name="loans", headers=dict(headers))),
        "binary": told_of(await second.infer(url, request(binary=True), model_name="loans", headers=dict(headers))),
        "grpc": told_of(await grpc.infer(request(binary=False), headers=metadata)),
        "grpc raw": told_of(await grpc.infer(request(binary=True), headers=metadata)),
    }
    await grpc.close()
    print(json.dumps(told))


asyncio.run(main())
