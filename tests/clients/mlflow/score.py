"""What MLflow's own clients do with a scoring server: host and port are arguments; the key is in ~/.netrc's place."""

import json
import sys

import mlflow
import pandas as pd
from mlflow.deployments import get_deploy_client
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

host, port = sys.argv[1:]
frame = pd.DataFrame({"income": [90.0, 10.0], "age": [40, 40], "city": ["Oslo", None]})
server = ScoringServerClient(host, port)
server.wait_server_ready(timeout=10)
told = {"version": mlflow.__version__, "ping": server.ping(), "server": server.get_version()}
told["frame"] = server.invoke(frame).get_predictions().iloc[:, 0].tolist()
told["proba"] = server.invoke(frame, params={"predict_method": "predict_proba"}).get_predictions().values.tolist()
told["list"] = server.invoke([{"income": 90.0, "age": 40, "city": "Oslo"}]).get_predictions().iloc[:, 0].tolist()
try:
    server.invoke(pd.DataFrame({"income": ["much"]}))
except Exception as error:
    told["wrong value"] = str(error)
client = get_deploy_client(f"http://{host}:{port}")
endpoints = client.predict(endpoint="loans", inputs={"dataframe_split": frame.head(1).to_dict(orient="split")})
told["endpoint"] = endpoints["predictions"]
try:
    client.predict(endpoint="nothing", inputs={"instances": [[1, 2, "Oslo"]]})
except (MlflowException, OSError) as error:
    told["unknown endpoint"] = str(error)
print(json.dumps(told))
