"""What IBM's batch notebook does, in its order: find the space and the deployment by name, create a job, poll it.

Reads one JSON document from its input, and prints one.
"""

import contextlib
import json
import sys
import time

import pandas as pd
from ibm_watson_machine_learning import APIClient

wait = time.sleep
time.sleep = lambda seconds: wait(min(seconds, 0.1))  # the notebook looks every 5 s; the server is quicker

given = json.load(sys.stdin)


def notebook():
    wml_credentials = {
        "url": given["url"],
        "username": given["username"],
        "password": given["password"],
        "instance_id": "openshift",
        "version": "5.0",
    }
    client = APIClient(wml_credentials, verify=given["certificate"])
    client.spaces.list(limit=10)
    for space in client.spaces.get_details()["resources"]:
        if space["entity"]["name"] == given["space"]:
            space_id = space["metadata"]["id"]
    client.set.default_space(space_id)
    client.deployments.list()
    for deployment in client.deployments.get_details()["resources"]:
        if deployment["entity"]["name"] == given["deployment"]:
            deployment_id = deployment["metadata"]["id"]

    rows = pd.DataFrame(given["values"], columns=given["fields"])
    payload = {
        client.deployments.ScoringMetaNames.INPUT_DATA: [
            {"fields": rows.columns.tolist(), "values": rows.values.tolist()}
        ]
    }
    job = client.deployments.create_job(deployment_id, payload)
    job_id = client.deployments.get_job_uid(job)
    told = [job["entity"]["scoring"]["status"]["state"]]
    while True:
        time.sleep(5)
        state = client.deployments.get_job_status(job_id)["state"]
        told.append(state)
        if state == "completed" or "fail" in state:
            break
    details = client.deployments.get_job_details(job_id)
    return {"states": told, "predictions": details["entity"]["scoring"]["predictions"]}


with contextlib.redirect_stdout(sys.stderr):
    document = notebook()
json.dump(document, sys.stdout)
