"""``/ml/v4/deployment_jobs``: rows that come with a job are scored, and kept with what came of them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
from starlette.requests import Request

from scoreline.app.assets import deployments, jobs
from scoreline.core.assets import Asset
from scoreline.core.errors import BadRequest, NotFound, Unsupported
from scoreline.core.identities import Space
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.ibm.asking import NOTHING, Asking, Json, Place, reply
from scoreline.web.control.ibm.deployments import Reference, find
from scoreline.web.control.ibm.documents import listing, metadata, moment
from scoreline.web.endpoint import View

INLINE = '{"scoring": {"input_data": [{"fields": ["column", …], "values": [[value, …], …]}]}}'


class NewScoring(msgspec.Struct):
    """What a job is to score."""

    input_data: list[dict[str, Any]] | None = None
    input_data_references: list[Any] | None = None
    output_data_reference: Any = None


class NewJob(msgspec.Struct):
    """Body of ``POST /ml/v4/deployment_jobs``; other members are ignored."""

    deployment: Reference
    scoring: NewScoring
    name: str = ""
    space_id: str | None = None
    description: str = ""
    tags: list[str] = []


_new_job = msgspec.json.Decoder(NewJob)


def job_views(asking: Asking) -> dict[str, dict[str, View]]:
    """Return the views by path and method."""
    app, runner = asking.app, asking.runner

    async def create(request: Request) -> Reply:
        new = await asking.body(request, _new_job)
        place = await asking.place(request, "score", new.space_id)
        rows = _rows(new.scoring)
        found = await find(asking, place, new.deployment.id, "score")
        details = {"input_data": rows} | {n: value for n in ("description", "tags") if (value := getattr(new, n))}
        job = await asyncio.to_thread(
            lambda: jobs.create(
                app,
                place.space.name,
                found.deployment.id,
                new.name or f"job of {found.asset.name}",
                owner=place.access.id,
                details=details,
            )
        )
        runner.wake()
        await asyncio.to_thread(asking.record, request, place, "job.create", job.id)
        return reply(_document(job, place.space), 202)

    async def show_all(request: Request) -> Reply:
        place = await asking.place(request, "view")
        wanted = request.query_params.get("deployment_id")
        found = await asyncio.to_thread(jobs.jobs, app, place.space.name, wanted)
        if place.access.deployments is not None:
            seen = await asyncio.to_thread(deployments.deployments, app, place.space.name)
            ids = {each.deployment.id for each in seen if each.deployment.name in place.access.deployments}
            found = [job for job in found if job.parent in ids]
        _wake_for(found)
        state = request.query_params.get("state")
        chosen = [_document(job, place.space) for job in found if state in (None, job.state)]
        return reply(listing(request, chosen))

    async def show(request: Request) -> Reply:
        place = await asking.place(request, "view")
        job = await _found(request, place)
        _wake_for([job])
        return reply(_document(job, place.space))

    async def delete(request: Request) -> Reply:
        place = await asking.place(request, "score")
        forget = request.query_params.get("hard_delete") == "true"
        job = await _found(request, place)
        await asyncio.to_thread(jobs.delete if forget else jobs.cancel, app, place.space.name, job.id)
        await asyncio.to_thread(asking.record, request, place, f"job.{'delete' if forget else 'cancel'}", job.id)
        return NOTHING

    async def delete_run(request: Request) -> Reply:
        place = await asking.place(request, "score")
        job = await _found(request, place)
        if _platform(job)["run_id"] != request.path_params["run_id"]:
            raise NotFound(f"job {job.id} has no such run", hint=f"its run is {_platform(job)['run_id']}")
        ended = job.state not in jobs.UNFINISHED
        await asyncio.to_thread(jobs.delete if ended else jobs.cancel, app, place.space.name, job.id)
        await asyncio.to_thread(asking.record, request, place, f"job.{'delete' if ended else 'cancel'}", job.id)
        return NOTHING

    async def _found(request: Request, place: Place) -> Asset:
        job = await asyncio.to_thread(jobs.job, app, place.space.name, request.path_params["id"])
        if place.access.deployments is not None:
            await find(asking, place, job.parent or "")
        return job

    def _wake_for(found: list[Asset]) -> None:
        if any(map(jobs.is_overdue, found)):
            runner.wake()

    return {
        "/ml/v4/deployment_jobs": {"GET": show_all, "POST": create},
        "/ml/v4/deployment_jobs/{id}": {"GET": show, "DELETE": delete},
        "/v2/jobs/{id}/runs/{run_id}": {"DELETE": delete_run},
    }


def _rows(scoring: NewScoring) -> list[dict[str, Any]]:
    if scoring.input_data_references:
        raise Unsupported(
            "jobs over `input_data_references` are not offered yet",
            hint=f"send the rows: {INLINE}; or score the file with `scoreline score`",
        )
    if not scoring.input_data:
        raise BadRequest("the job has no rows", hint=f"send {INLINE}")
    return scoring.input_data


def _document(job: Asset, space: Space) -> Json:
    details = job.details
    status: Json = {
        "state": job.state,
        "running_at": _moment(details.get("running_at")),
        "completed_at": _moment(details.get("completed_at")),
    }
    if "failure" in details:
        status["failure"] = {"trace": job.id, "errors": details["failure"]}
    scoring: Json = {"input_data": details["input_data"], "status": status}
    if "predictions" in details:
        scoring["predictions"] = details["predictions"]
    entity = {"deployment": {"id": job.parent}, "platform_job": _platform(job), "scoring": scoring}
    return {"metadata": metadata(job, space), "entity": entity}


def _moment(text: str | None) -> str:
    return moment(datetime.fromisoformat(text)) if text else ""


def _platform(job: Asset) -> Json:
    """Return the ids under which IBM's platform knows a job and its only run."""
    return {"job_id": job.id, "run_id": str(uuid5(NAMESPACE_URL, f"scoreline:run/{job.id}"))}
