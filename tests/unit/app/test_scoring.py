from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.artifacts import tiny_artifact

from scoreline.app import deployments, models
from scoreline.app.scoring import Progress, score
from scoreline.app.settings import App
from scoreline.core.errors import BadData, BadSetting, NotFound
from scoreline.scoring.pipeline import load

TABLE = pl.DataFrame(
    {
        "id": ["007", "008", "009"],
        "age": [42.0, None, 18.5],
        "amount": [1500.5, 300.0, 1e4],
        "purpose": ["radio", "car", None],
        "risk": ["good", "bad", "good"],
    }
)


@pytest.fixture
def file(tmp_path: Path) -> str:
    tiny_artifact(tmp_path / "credit.scoreline")
    return str(tmp_path / "credit.scoreline")


@pytest.fixture
def rows(tmp_path: Path) -> str:
    TABLE.write_csv(tmp_path / "rows.csv")
    return str(tmp_path / "rows.csv")


def test_scores_are_those_of_the_scoring_pipeline_under_the_manifests_names(
    app: App, file: str, rows: str, tmp_path: Path
) -> None:
    done = score(app, file, rows, str(tmp_path / "scores.parquet"))
    scores = pl.read_parquet(tmp_path / "scores.parquet")
    expected = load(file).score(TABLE.drop("id", "risk").to_dicts())
    assert scores.columns == ["risk.good", "risk.bad", "risk.predicted"]
    assert np.array_equal(scores.select("risk.good", "risk.bad").to_numpy(), expected.probability)
    assert scores["risk.predicted"].to_list() == ["bad", "bad", "bad"]
    assert (done.n_rows, done.ignored, done.absent) == (3, ("id", "risk"), ())


def test_scoring_a_file_makes_no_home(app: App, file: str, rows: str, tmp_path: Path) -> None:
    score(app, file, rows, str(tmp_path / "scores.csv"))
    assert not app.settings.home.exists()


def test_included_columns_come_first_and_as_they_were(app: App, file: str, rows: str, tmp_path: Path) -> None:
    done = score(app, file, rows, str(tmp_path / "scores.csv"), include=["risk", "id"])
    header, first, *_ = (tmp_path / "scores.csv").read_text().splitlines()
    assert header == "risk,id,risk.good,risk.bad,risk.predicted"
    assert first.startswith("good,007,")
    assert (done.columns[:2], done.ignored) == (("risk", "id"), ())


def test_an_included_actual_keeps_its_name_and_the_prediction_gets_another(app: App, tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "price.scoreline", labels=(), target="price")
    TABLE.with_columns(price=pl.lit(9.5)).write_parquet(tmp_path / "rows.parquet")
    output = tmp_path / "scores.jsonl"
    score(app, str(tmp_path / "price.scoreline"), str(tmp_path / "rows.parquet"), str(output), include=["price"])
    first = json.loads(output.read_text().splitlines()[0])
    assert list(first) == ["price", "price.predicted"]
    assert first["price"] == 9.5


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "jsonl"])
@pytest.mark.parametrize("chunk_rows", [1, 2, 50])
def test_every_format_and_every_size_of_chunk_give_the_same_scores(
    app: App, file: str, tmp_path: Path, suffix: str, chunk_rows: int
) -> None:
    source, output = tmp_path / f"rows.{suffix}", tmp_path / "scores.parquet"
    if suffix == "parquet":
        TABLE.write_parquet(source)
    elif suffix == "jsonl":
        TABLE.write_ndjson(source)
    else:
        TABLE.write_csv(source, separator="," if suffix == "csv" else "\t")
    score(app, file, str(source), str(output), include=["id"], chunk_rows=chunk_rows)
    scores = pl.read_parquet(output)
    expected = load(file).score(TABLE.drop("id", "risk").to_dicts()).probability
    assert np.array_equal(scores["risk.bad"].to_numpy(), expected[:, 1])
    assert scores["id"].to_list() == ["007", "008", "009"]


def test_an_included_column_may_change_its_type_from_file_to_file(app: App, file: str, tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    for number, line in enumerate(({"age": 1, "key": 1}, {"age": 2, "key": "x"}, {"age": 3, "key": None})):
        (tmp_path / "rows" / f"{number}.jsonl").write_text(json.dumps(line))
    output = tmp_path / "scores.parquet"
    score(app, file, str(tmp_path / "rows"), str(output), include=["key"])
    assert pl.read_parquet(output)["key"].to_list() == ["1", "x", None]


def test_a_bad_value_is_told_by_file_row_and_column_and_nothing_is_written(app: App, file: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("age,amount\n" + "30,100\n" * 4 + "abc,100\n")
    output = tmp_path / "scores.csv"
    output.write_text("before")
    with pytest.raises(BadData, match=r"rows\.csv: row 5, column `age`: .*'abc'"):
        score(app, file, str(tmp_path / "rows.csv"), str(output), chunk_rows=2)
    assert output.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["credit.scoreline", "rows.csv", "scores.csv"]


def test_rows_of_a_folder_are_counted_in_their_own_file(app: App, file: str, tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "a.csv").write_text("age\n1\n2\n")
    (tmp_path / "rows" / "b.csv").write_text("age\n3\nabc\n")
    with pytest.raises(BadData, match=r"b\.csv: row 2, column `age`"):
        score(app, file, str(tmp_path / "rows"), str(tmp_path / "scores.csv"))


def test_columns_of_another_table_are_refused(app: App, file: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("agee,x\n1,2\n")
    with pytest.raises(BadData, match=r"rows\.csv: no column of the schema"):
        score(app, file, str(tmp_path / "rows.csv"), str(tmp_path / "scores.csv"))


def test_a_table_without_rows_gives_a_table_without_scores(app: App, file: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("age,amount,purpose\n")
    done = score(app, file, str(tmp_path / "rows.csv"), str(tmp_path / "scores.csv"))
    assert done.n_rows == 0
    assert (tmp_path / "scores.csv").read_text() == "risk.good,risk.bad,risk.predicted\n"


def test_a_column_to_include_that_is_not_there_is_answered_with_those_like_it(
    app: App, file: str, rows: str, tmp_path: Path
) -> None:
    with pytest.raises(BadSetting, match=r"no column 'purpos' to include.*the rows have purpose"):
        score(app, file, rows, str(tmp_path / "scores.csv"), include=["purpos"])
    with pytest.raises(BadSetting, match="included twice"):
        score(app, file, rows, str(tmp_path / "scores.csv"), include=["id", "id"])


def test_a_deployment_scores_without_a_server(app: App, file: str, rows: str, tmp_path: Path) -> None:
    models.register(app, Path(file))
    deployments.deploy(app, "credit", "live")
    for source, output in (("live", "a.csv"), ("credit@1", "b.csv"), (file, "c.csv")):
        score(app, source, rows, str(tmp_path / output))
    assert len({(tmp_path / name).read_text() for name in ("a.csv", "b.csv", "c.csv")}) == 1
    with pytest.raises(NotFound, match="there is live"):
        score(app, "lvie", rows, str(tmp_path / "d.csv"))


def test_rows_come_from_standard_input_and_scores_go_to_standard_output(
    app: App, file: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(TABLE.write_csv().encode()))))
    score(app, file, "-", "-", include=["id"])
    header, *lines = capfdbinary.readouterr().out.decode().splitlines()
    assert header == "id,risk.good,risk.bad,risk.predicted"
    assert [line[:4] for line in lines] == ["007,", "008,", "009,"]


def test_progress_is_told_after_every_chunk(app: App, file: str, rows: str, tmp_path: Path) -> None:
    told: list[Progress] = []
    score(app, file, rows, str(tmp_path / "scores.csv"), chunk_rows=2, on_progress=told.append)
    assert [progress.n_rows for progress in told] == [2, 3]
