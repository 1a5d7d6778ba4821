from __future__ import annotations

from copy import copy
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.web.ibm.conftest import BLOCKS

from scoreline.app.assets import jobs
from scoreline.core.errors import NotFound, TooManyRequests


def test_a_job_scores_its_rows_as_a_request_does(ibm: Any) -> None:
    deployment = ibm.deploy(ibm.store(), batch={})
    blocks = [*BLOCKS, {"fields": ["age"], "values": [[1]]}]
    answer = ibm.job(deployment, input_data=blocks)
    assert answer.status_code == 202
    job = answer.json()
    assert job["entity"]["scoring"]["status"] == {"state": "queued", "running_at": "", "completed_at": ""}
    assert job["entity"]["deployment"] == {"id": deployment}
    scoring = ibm.ended(job["metadata"]["id"])
    assert scoring["status"]["state"] == "completed"
    assert scoring["status"]["running_at"] <= scoring["status"]["completed_at"]
    assert scoring["input_data"] == blocks
    assert scoring["predictions"] == ibm.score(deployment, blocks).json()["predictions"]


def test_a_job_with_a_row_that_cannot_be_scored_fails_and_says_which(ibm: Any) -> None:
    deployment = ibm.deploy(ibm.store(), batch={})
    job = ibm.job(deployment, input_data=[{"fields": ["age"], "values": [[1], ["abc"]]}]).json()["metadata"]["id"]
    scoring = ibm.ended(job)
    assert scoring["status"]["state"] == "failed"
    assert "row 2, column `age`" in scoring["status"]["failure"]["errors"][0]["message"]
    assert "predictions" not in scoring


@pytest.mark.parametrize(
    ("scoring", "status", "sentence"),
    [
        ({"input_data_references": [{"type": "data_asset"}]}, 501, "`input_data_references` are not offered yet"),
        ({"input_data": []}, 400, "the job has no rows"),
        ({"input_data": "rows"}, 400, "input_data"),
    ],
)
def test_a_job_without_rows_of_its_own_is_refused(ibm: Any, scoring: Any, status: int, sentence: str) -> None:
    answer = ibm.job(ibm.deploy(ibm.store(), batch={}), **scoring)
    assert answer.status_code == status
    assert sentence in answer.json()["errors"][0]["message"]
    assert ibm.ask("GET", "/ml/v4/deployment_jobs").json()["resources"] == []


def test_jobs_are_listed_by_deployment_and_state(ibm: Any) -> None:
    model = ibm.store()
    one, two = ibm.deploy(model, batch={}), ibm.deploy(model, batch={})
    first, second = (ibm.job(each).json()["metadata"]["id"] for each in (one, two))
    ibm.ended(first)
    ibm.ended(second)
    for query, expected in (
        ({}, [first, second]),
        ({"deployment_id": two}, [second]),
        ({"state": "completed"}, [first, second]),
        ({"state": "failed"}, []),
    ):
        found = ibm.ask("GET", "/ml/v4/deployment_jobs", params=query).json()["resources"]
        assert [each["metadata"]["id"] for each in found] == expected


def test_a_job_that_has_ended_stays_until_it_is_deleted(ibm: Any) -> None:
    job = ibm.job(ibm.deploy(ibm.store(), batch={})).json()["metadata"]["id"]
    ibm.ended(job)
    assert ibm.ask("DELETE", f"/ml/v4/deployment_jobs/{job}").status_code == 204
    assert ibm.ended(job)["status"]["state"] == "completed"
    assert ibm.ask("DELETE", f"/ml/v4/deployment_jobs/{job}?hard_delete=true").status_code == 204
    assert ibm.ask("GET", f"/ml/v4/deployment_jobs/{job}").status_code == 404


def test_the_platforms_run_of_a_job_is_deleted_with_it(ibm: Any) -> None:
    job = ibm.job(ibm.deploy(ibm.store(), batch={})).json()
    ibm.ended(job["metadata"]["id"])
    platform = job["entity"]["platform_job"]
    assert ibm.ask("DELETE", f"/v2/jobs/{platform['job_id']}/runs/none").status_code == 404
    assert ibm.ask("DELETE", f"/v2/jobs/{platform['job_id']}/runs/{platform['run_id']}").status_code == 204
    assert ibm.ask("GET", f"/ml/v4/deployment_jobs/{job['metadata']['id']}").status_code == 404


def test_a_job_whose_worker_died_is_done_when_somebody_asks_for_it(ibm: Any) -> None:
    deployment = ibm.deploy(ibm.store(), batch={})
    made = jobs.create(ibm.app, ibm.space.name, deployment, "left", owner="", details={"input_data": BLOCKS})
    died = replace(made, state="running", updated_at=made.updated_at - timedelta(seconds=jobs.LEASE_SECONDS + 1))
    with ibm.app.assets.writing() as records:
        records.put(died)
    assert ibm.ended(made.id)["status"]["state"] == "completed"


def test_a_worker_that_was_taken_for_dead_ends_nothing(ibm: Any) -> None:
    made = jobs.create(ibm.app, ibm.space.name, "d", "slow", owner="", details={"input_data": BLOCKS})
    with ibm.app.assets.writing() as records:
        slow = replace(made, state="running", updated_at=made.updated_at + timedelta(seconds=1))
        other = replace(slow, updated_at=slow.updated_at + timedelta(seconds=1))
        records.put(other)
    assert jobs.end(ibm.app, slow, jobs.COMPLETED, {"predictions": []}) == other
    assert jobs.end(ibm.app, other, jobs.COMPLETED, {"predictions": []}).state == "completed"
    assert jobs.cancel(ibm.app, ibm.space.name, made.id).state == "completed"


def test_a_job_that_is_cancelled_ends_without_predictions(ibm: Any) -> None:
    made = jobs.create(ibm.app, ibm.space.name, "d", "slow", owner="", details={"input_data": BLOCKS})
    with ibm.app.assets.writing() as records:
        running = replace(made, state="running", updated_at=made.updated_at + timedelta(hours=1))
        records.put(running)
    assert ibm.ask("DELETE", f"/ml/v4/deployment_jobs/{made.id}").status_code == 204
    assert jobs.end(ibm.app, running, jobs.COMPLETED, {"predictions": []}).state == "canceled"
    scoring = ibm.ended(made.id)
    assert scoring["status"]["state"] == "canceled"
    assert "predictions" not in scoring


def limited(ibm: Any, **limits: Any) -> Any:
    """The application with these limits on jobs."""
    app = ibm.app.in_space("default")
    made = copy(app)
    made.settings = app.settings._replace(**limits)
    return made


def test_a_space_keeps_so_many_jobs_and_the_oldest_that_ended_go_first(ibm: Any) -> None:
    app, space = limited(ibm, max_jobs=3), ibm.space.name

    def new(name: str) -> Any:
        return jobs.create(app, space, "d", name, owner="", details={})

    first, second, third = (new(name) for name in "abc")
    with pytest.raises(TooManyRequests, match=r"3 jobs of the space .* have not ended, and it may have 3"):
        new("d")
    jobs.end(app, second, jobs.COMPLETED, {})
    jobs.end(app, first, jobs.FAILED, {})
    assert [job.name for job in jobs.jobs(app, space)] == ["a", "b", "c"]
    fourth = new("d")
    assert [job.name for job in jobs.jobs(app, space)] == ["a", "c", "d"]
    new("e")
    assert [job.name for job in jobs.jobs(app, space)] == ["c", "d", "e"]
    other = ibm.app.security.create_space(f"beside {space}").name
    assert jobs.create(app, other, "d", "mine", owner="", details={}), "each space has as many"
    for job in (third, fourth):
        jobs.cancel(app, space, job.id)


def test_jobs_that_ended_long_ago_are_gone_and_those_that_have_not_stay(ibm: Any) -> None:
    app, space = limited(ibm, job_days=2), ibm.space.name
    ended, waiting = (jobs.create(app, space, "d", name, owner="", details={}) for name in ("ended", "waiting"))
    ended = jobs.end(app, ended, jobs.COMPLETED, {"predictions": []})
    with app.assets.writing() as records:
        for job in (ended, waiting):
            records.put(replace(job, updated_at=job.updated_at - timedelta(days=2, seconds=1)))
    assert [job.name for job in jobs.jobs(app, space)] == ["waiting"]
    with pytest.raises(NotFound, match="ended too long ago"):
        jobs.job(app, space, ended.id)
    assert jobs.job(limited(ibm, job_days=None), space, ended.id).state == jobs.COMPLETED, "it is still there"
    new = jobs.create(app, space, "d", "new", owner="", details={})
    assert [job.name for job in jobs.jobs(limited(ibm, job_days=None), space)] == ["waiting", "new"]
    for job in (waiting, new):
        jobs.cancel(app, space, job.id)
