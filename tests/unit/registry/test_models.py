from __future__ import annotations

from pathlib import Path

import pytest
from tests.artifacts import ROWS, tiny_artifact

from scoreline.core.errors import ArtifactRefused, BadSetting, Conflict, NotFound, ParityFailed
from scoreline.registry import Registry
from scoreline.scoring.pipeline import load


def file(folder: Path, weight: float = 0.001) -> Path:
    path = folder / f"{weight}.scoreline"
    tiny_artifact(path, weight=weight)
    return path


def test_the_first_version_is_number_one_and_champion(registry: Registry, tmp_path: Path) -> None:
    version = registry.register(file(tmp_path), "credit")
    assert (version.model, version.number) == ("credit", 1)
    assert registry.model("credit").aliases == {"champion": 1}
    assert registry.resolve("credit") == version


def test_a_later_version_becomes_champion_only_when_asked(registry: Registry, tmp_path: Path) -> None:
    registry.register(file(tmp_path, 0.001), "credit")
    registry.register(file(tmp_path, 0.002), "credit")
    assert registry.resolve("credit").number == 1
    registry.register(file(tmp_path, 0.003), "credit", promote=True)
    assert registry.resolve("credit").number == 3
    assert registry.model("credit").latest == 3


def test_a_first_version_that_may_not_be_promoted_is_no_champion(registry: Registry, tmp_path: Path) -> None:
    registry.register(file(tmp_path), "credit", promote=False)
    assert registry.model("credit").aliases == {}
    with pytest.raises(NotFound, match="no alias 'champion' of credit"):
        registry.resolve("credit")


def test_the_same_scoring_pipeline_is_the_same_version(registry: Registry, tmp_path: Path) -> None:
    first = registry.register(file(tmp_path), "credit")
    assert registry.register(file(tmp_path), "credit") == first
    other = registry.register(file(tmp_path), "debit")
    assert (other.number, other.digest) == (1, first.digest)
    assert [v.number for v in registry.versions("credit")] == [1]


def test_registering_a_known_version_again_can_promote_it(registry: Registry, tmp_path: Path) -> None:
    registry.register(file(tmp_path, 0.001), "credit")
    registry.register(file(tmp_path, 0.002), "credit")
    registry.register(file(tmp_path, 0.002), "credit", promote=True)
    assert registry.resolve("credit").number == 2


def test_a_model_is_named_by_its_scoring_pipeline_unless_it_is_given_a_name(registry: Registry, tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "a.scoreline", name="German credit")
    assert registry.register(tmp_path / "a.scoreline").model == "German-credit"


def test_a_version_knows_its_scores_and_where_it_comes_from(registry: Registry, tmp_path: Path) -> None:
    registry.register(file(tmp_path), "credit")
    summary = registry.resolve("credit").summary
    assert summary["scores"]["validation"] == {"log_loss": 0.5}
    assert summary["lineage"]["dataset_name"] == "german_credit"
    assert summary["parity"]["n_rows"] == 1000
    assert (summary["task"], summary["target"], summary["labels"]) == ("binary", "risk", ["good", "bad"])


def test_the_file_that_is_kept_is_the_file_that_was_registered(registry: Registry, tmp_path: Path) -> None:
    path = file(tmp_path)
    content = path.read_bytes()
    version = registry.register(path, "credit")
    path.unlink()
    kept = registry.artifact(version.digest)
    assert kept.read_bytes() == content
    assert version.size_bytes == len(content)
    assert len(load(kept).score(ROWS)) == 2


def test_a_file_without_parity_is_refused_and_leaves_nothing(registry: Registry, tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "a.scoreline", difference=0.01)
    with pytest.raises(
        ParityFailed, match=r"a\.scoreline: the graph differs from its model by 0\.01, allowed is 1e-05"
    ):
        registry.register(tmp_path / "a.scoreline", "credit")
    assert registry.models() == []
    assert not (tmp_path / "artifacts").exists()


def test_parity_that_is_no_number_is_no_parity(registry: Registry, tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "a.scoreline", difference=float("inf"))
    with pytest.raises((ParityFailed, ArtifactRefused)):
        registry.register(tmp_path / "a.scoreline", "credit")


def test_a_damaged_file_is_refused_by_its_name(registry: Registry, tmp_path: Path) -> None:
    path = file(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactRefused, match=str(path)):
        registry.register(path, "credit")
    assert registry.models() == []


def test_a_file_that_is_not_there_is_not_found(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        registry.register(tmp_path / "absent.scoreline", "credit")
    with pytest.raises(NotFound, match="cannot be read"):
        registry.register(tmp_path, "credit")


def test_a_model_may_not_have_any_name(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="try 'my-credit'"):
        registry.register(file(tmp_path), "my credit")


def test_an_unknown_model_is_answered_with_those_like_it(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there are no models yet"):
        registry.resolve("credit")
    registry.register(file(tmp_path), "credit-risk")
    with pytest.raises(NotFound, match="there is credit-risk"):
        registry.versions("credit-risc")


def test_an_unknown_version_is_answered_with_those_there_are(registry: Registry, tmp_path: Path) -> None:
    registry.register(file(tmp_path), "credit")
    with pytest.raises(NotFound, match=r"no version 7 of credit \(there is 1\)"):
        registry.resolve("credit@7")
    with pytest.raises(NotFound, match="there is champion"):
        registry.resolve("credit", "@champoin")


def test_a_deleted_version_takes_its_file_with_it(registry: Registry, tmp_path: Path) -> None:
    registry.register(file(tmp_path, 0.001), "credit")
    second = registry.register(file(tmp_path, 0.002), "credit")
    kept = registry.artifact(second.digest)
    registry.delete_version("credit", 2)
    assert not kept.exists()
    assert registry.register(file(tmp_path, 0.002), "credit").number == 3


def test_a_file_that_another_model_needs_stays(registry: Registry, tmp_path: Path) -> None:
    version = registry.register(file(tmp_path), "credit")
    registry.register(file(tmp_path), "debit")
    registry.delete_model("debit")
    assert registry.artifact(version.digest).exists()
    registry.delete_model("credit")
    with pytest.raises(NotFound):
        registry.artifact(version.digest)


def test_a_version_that_is_needed_is_not_deleted(registry: Registry, tmp_path: Path) -> None:
    registry.register(file(tmp_path, 0.001), "credit")
    registry.register(file(tmp_path, 0.002), "credit")
    with pytest.raises(Conflict, match="alias champion points to credit@1"):
        registry.delete_version("credit", 1)
    registry.deploy("live", "credit@2")
    with pytest.raises(Conflict, match="credit@2 is deployed as live"):
        registry.delete_version("credit", 2)
    with pytest.raises(Conflict, match="model credit is deployed as live"):
        registry.delete_model("credit")
    registry.undeploy("live")
    registry.delete_version("credit", 2)
    registry.delete_model("credit")
    assert registry.models() == []
