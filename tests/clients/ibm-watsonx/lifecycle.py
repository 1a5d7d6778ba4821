"""What a tutorial does with ibm-watsonx-ai: connect, store, deploy, score, run a job, delete.

Reads one JSON document from its input, and prints one.
"""

import contextlib
import json
import sys
import time

from ibm_watsonx_ai import APIClient, Credentials

wait = time.sleep
time.sleep = lambda seconds: wait(min(seconds, 0.1))  # the client looks every 5 s; the server is quicker

given = json.load(sys.stdin)
password = {"username": given["username"], "password": given["password"]}


def connect(**credentials):
    credentials = {"url": given["url"], "instance_id": "openshift", "version": "5.1", **credentials}
    return APIClient(Credentials(**credentials, verify=given["certificate"]))


def lifecycle():
    told = {}
    token = connect(**password).token
    kinds = {
        "password and bedrock": {**password, "bedrock_url": given["url"]},
        "password": password,
        "key": {"username": given["username"], "api_key": given["key"]},
        "token": {"token": token},
    }
    told["spaces by kind of credentials"] = {
        kind: [space["entity"]["name"] for space in connect(**credentials).spaces.get_details()["resources"]]
        for kind, credentials in kinds.items()
    }

    cloud = {
        "instance_id": None,
        "version": None,
        "api_key": given["key"],
        "platform_url": given["url"],
        "auth_url": f"{given['url']}/identity/token",
    }
    client = connect(**(cloud if given["in the cloud's way"] else password))
    spaces = client.spaces.get_details()["resources"]
    told["set"] = client.set.default_space(spaces[0]["metadata"]["id"])
    meta = client.repository.ModelMetaNames
    software = client.software_specifications.get_id_by_name("runtime-24.1-py3.11")
    properties = {meta.NAME: "Credit Risk", meta.TYPE: "scikit-learn_1.3", meta.SOFTWARE_SPEC_ID: software}
    model = client.repository.store_model(given["model"], meta_props=properties)
    model_id = client.repository.get_model_id(model)
    told["models"] = client.repository.list_models()["NAME"].tolist()

    names = client.deployments.ConfigurationMetaNames
    online = client.deployments.create(
        model_id, meta_props={names.NAME: "wx online", names.ONLINE: {}, names.SERVING_NAME: "wx_online"}
    )
    batch = client.deployments.create(
        model_id,
        meta_props={names.NAME: "wx batch", names.BATCH: {}, names.HARDWARE_SPEC: {"name": "S", "num_nodes": 1}},
    )
    ids = [client.deployments.get_id(each) for each in (online, batch)]
    told["listed"] = client.deployments.list()[["NAME", "STATE", "ARTIFACT_TYPE"]].values.tolist()
    told["scoring href"] = client.deployments.get_scoring_href(online)
    rows = {client.deployments.ScoringMetaNames.INPUT_DATA: given["blocks"]}
    told["predictions"] = client.deployments.score(ids[0], rows)["predictions"]

    job = client.deployments.create_job(ids[1], meta_props=rows)
    job_id = client.deployments.get_job_id(job)
    states = [job["entity"]["scoring"]["status"]["state"]]
    while states[-1] not in ("completed", "failed"):
        states.append(client.deployments.get_job_status(job_id)["state"])
    told["job states"] = [state for i, state in enumerate(states) if i == 0 or states[i - 1] != state]
    told["job predictions"] = client.deployments.get_job_details(job_id)["entity"]["scoring"]["predictions"]
    told["jobs"] = len(client.deployments.list_jobs())
    told["deleted job"] = client.deployments.delete_job(job_id, hard_delete=True)

    renamed = client.deployments.update(ids[0], {names.NAME: "wx renamed"})
    told["renamed"] = renamed["entity"]["name"]
    told["deleted"] = [client.deployments.delete(each) for each in ids]
    told["deleted model"] = client.repository.delete(model_id)
    told["left"] = len(client.deployments.get_details()["resources"])
    return told


with contextlib.redirect_stdout(sys.stderr):
    document = lifecycle()
json.dump(document, sys.stdout)
