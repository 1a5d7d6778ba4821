"""jsonrpclib calls the methods of Driverless AI's HTTP service: by name and position, in batches, as notifications."""

import json
import sys

import jsonrpclib

url, key = sys.argv[1:]
rows = json.load(sys.stdin)
told = {}
headers = {"Authorization": f"Bearer {key}"}
for name, version in (("2.0", 2.0), ("1.0", 1.0)):  # the second leaves `jsonrpc` out
    config = jsonrpclib.config.Config(version=version)
    server = jsonrpclib.ServerProxy(f"{url}/deployments/loans/rpc", config=config, headers=headers)
    calls = jsonrpclib.MultiCall(server)
    calls.score(rows[1])
    calls.get_target_labels()
    calls.score_batch(rows)
    try:
        server.score({"income": "much"})
        refused = None
    except jsonrpclib.ProtocolError as error:
        refused = str(error)
    try:
        jsonrpclib.ServerProxy(f"{url}/rpc", config=config, headers=headers)._notify.score(rows[0])
        notified = 200
    except jsonrpclib.jsonrpc.TransportError as error:  # it takes all but 200 for an error, though nothing is answered
        notified = error.args[1]
    told[name] = {
        "labels": server.get_target_labels(),
        "columns": server.get_column_names(),
        "score": server.score(rows[0]),
        "rows": server.score_batch(rows),
        "several": list(calls()),
        "notified": notified,
        "refused": refused,
    }
server = jsonrpclib.ServerProxy(f"{url}/rpc", headers=headers)
told["named"] = server.score(row=rows[0], pred_contribs=False)
told["methods"] = server.system.listMethods()
try:
    told["wrong key"] = jsonrpclib.ServerProxy(f"{url}/rpc", headers={"Authorization": "Bearer sl_no"}).get_hash()
except jsonrpclib.ProtocolError as error:
    told["wrong key"] = str(error)
print(json.dumps(told))
