"""Score an artifact with nothing of Scoreline: `python score.py credit.scoreline` scores its own sample."""

import json
import sys
import zipfile

import numpy as np
import onnxruntime

with zipfile.ZipFile(sys.argv[1]) as file:
    manifest, sample = (json.loads(file.read(name)) for name in ("manifest.json", "sample.json"))
    session = onnxruntime.InferenceSession(file.read("pipeline.onnx"))

texts = [c["name"] for c in manifest["schema"]["columns"] if c["type"] in ("category", "text")]
numbers = [c["name"] for c in manifest["schema"]["columns"] if c["name"] not in texts]
blocks = {
    "numbers": np.array([[row.get(name) for name in numbers] for row in sample["rows"]], dtype=np.float64),
    "texts": np.array([[row.get(name) or "" for name in texts] for row in sample["rows"]], dtype=object),
}
feed = {node.name: blocks[node.name] for node in session.get_inputs()}
answer = "prediction" if manifest["task"] == "regression" else "probability"
print(json.dumps(session.run([answer], feed)[0].tolist()))
