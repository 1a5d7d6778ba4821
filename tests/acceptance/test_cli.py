"""The command line as a user runs it: processes, pipes, signals, files."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
from tests.acceptance.conftest import loans

HEAVY = ("numpy", "polars", "onnxruntime", "onnx", "sqlalchemy", "sklearn", "lightgbm", "xgboost", "optuna", "uvicorn")


def test_an_experiment_document_holds_scores_leaderboard_and_file(trained):
    found = trained.experiment.document
    assert found["scores"]["validation"]["log_loss"] < 0.6
    assert found["scores"]["test"]["auc"] > 0.6
    assert [trial["status"] for trial in found["leaderboard"]][:2] == ["done", "done"]
    assert found["version"] == {"model": "loans", "number": 1}
    assert found["artifact"]["path"] == "loans.scoreline"
    assert (trained.folder / "loans.scoreline").stat().st_size == found["artifact"]["size_bytes"]


def test_an_experiment_tells_on_stderr_what_the_document_leaves_out(trained):
    told = trained.experiment.err
    for part in ("240 rows", "Training", "Winner", "Proof", "Next", "loans, version 1"):
        assert part in told
    assert "\x1b" not in told


def test_an_inspection_of_the_file_is_the_experiment(trained):
    found = trained("inspect", "loans.scoreline", "--json").document
    assert found["id"] == trained.experiment.document["artifact"]["id"]
    assert found["parity"]["passed"]
    assert [column["name"] for column in found["schema"]["columns"]] == ["income", "age", "city"]


def test_the_same_rows_score_the_same_from_file_deployment_and_standard_input(trained):
    rows = (trained.folder / "loans.csv").read_text()
    by_file = trained("score", "loans.scoreline", "loans.csv", "--include", "id")
    by_name = trained("score", "loans", "loans.csv", "--include", "id")
    by_pipe = trained("score", "loans", "-", "--include", "id", given=rows)
    assert by_file.status == by_name.status == by_pipe.status == 0
    assert by_file.out == by_name.out == by_pipe.out
    found = list(csv.DictReader(io.StringIO(by_file.out)))
    assert len(found) == 240
    assert list(found[0]) == ["id", "repaid.no", "repaid.yes", "repaid.predicted"]


def test_scores_can_be_written_as_parquet_and_as_json_lines(trained):
    for name in ("scores.parquet", "scores.jsonl"):
        done = trained("score", "loans", "loans.csv", "-o", name, "--json")
        assert done.document["n_rows"] == 240
        assert (trained.folder / name).stat().st_size > 0
    first = json.loads((trained.folder / "scores.jsonl").read_text().splitlines()[0])
    assert set(first) == {"repaid.no", "repaid.yes", "repaid.predicted"}


def test_a_reader_that_goes_away_is_no_error(trained):
    header, *lines = (trained.folder / "loans.csv").read_text().splitlines()
    (trained.folder / "long.csv").write_text("\n".join([header, *lines * 400]))  # more than a pipe holds
    script = f"{sys.executable} -m scoreline score loans long.csv | head -1"
    done = subprocess.run(
        ["bash", "-c", script], cwd=trained.folder, env=trained.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[0].startswith("repaid.no")
    assert "Traceback" not in done.stderr
    assert "broken" not in done.stderr.lower()


def test_serve_answers_with_what_the_file_answers_and_stops_cleanly(trained):
    process = trained.start("serve", "--open", "--port", "auto", "--json")
    try:
        document = ""
        while not document.rstrip().endswith("\n}"):
            document += process.stdout.readline()
        url = json.loads(document)["url"]
        row = {"income": 80, "age": 40, "city": "Oslo"}
        request = urllib.request.Request(f"{url}/api/v1/deployments/loans/score", json.dumps(row).encode())
        with urllib.request.urlopen(request, timeout=10) as response:
            over_http = json.load(response)["predictions"][0]["probability"]["yes"]
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    assert "Traceback" not in err
    by_file = trained("score", "loans.scoreline", "-", given='{"income": 80, "age": 40, "city": "Oslo"}\n')
    assert float(by_file.out.splitlines()[1].split(",")[1]) == pytest.approx(over_http, abs=1e-7)


def children_of(pid):
    """Return the processes below ``pid``."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    below, frontier = set(), {pid}
    while frontier:
        frontier = {child for child, parent in parents.items() if parent in frontier} - below
        below |= frontier
    return below


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_experiment_that_is_stopped_leaves_no_process_behind(number, status, scoreline):
    loans(scoreline.folder / "loans.csv")
    process = scoreline.start("experiment", "loans.csv", "--target", "repaid", "--time", "60", "--workers", "2")
    told = []
    reader = threading.Thread(target=lambda: told.extend(iter(process.stderr.readline, "")))
    reader.start()
    deadline = time.monotonic() + 60
    while not (below := children_of(process.pid)) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
    assert below, told
    process.send_signal(number)
    assert process.wait(30) == status
    reader.join(10)
    deadline = time.monotonic() + 10
    while any(map(alive, below)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in below if alive(pid)]
    assert "Traceback" not in "".join(told)
    records = list((scoreline.home / "experiments").glob("*/result.json"))
    assert json.loads(records[0].read_text())["status"] == "interrupted"


@pytest.mark.parametrize("arguments", [["--help"], ["experiment", "--help"], ["demo", "--help"]])
def test_help_does_not_wait_for_the_training_stack(arguments, scoreline):
    command = [sys.executable, "-X", "importtime", "-m", "scoreline", *arguments]
    done = subprocess.run(command, env=scoreline.environment, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert imported.isdisjoint(HEAVY)


def test_listing_models_does_not_wait_for_the_training_stack(trained):
    command = [sys.executable, "-X", "importtime", "-m", "scoreline", "models"]
    done = subprocess.run(command, env=trained.environment, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert imported.isdisjoint(set(HEAVY) - {"sqlalchemy"})


def test_without_typer_it_says_what_to_install(scoreline):
    script = "import sys; sys.modules['typer'] = None; from scoreline.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script], env=scoreline.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'scoreline[all]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_colour_can_be_refused(trained):
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    wanted = {name: value for name, value in trained.environment.items() if name != "NO_COLOR"}
    wanted |= {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    for environment, coloured in ((wanted, True), (wanted | {"NO_COLOR": "1"}, False)):
        command = [sys.executable, "-m", "scoreline", "deployments"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert bool(colour.search(done.stdout)) is coloured


def test_a_narrow_terminal_is_not_overrun(trained):
    environment = {**trained.environment, "COLUMNS": "40"}
    command = [sys.executable, "-m", "scoreline", "versions", "loans"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert max(map(len, done.stdout.splitlines())) <= 40
