from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import scoreline
from scoreline.app.settings import App, Settings, open_app
from scoreline.app.variables import SETTINGS
from scoreline.core.errors import BadSetting, Unavailable

ROOT = Path(__file__).parents[3]


def test_what_is_given_comes_before_the_environment_and_that_before_the_default(tmp_path: Path) -> None:
    environment = {"SCORELINE_HOME": str(tmp_path / "environment"), "SCORELINE_DATABASE_URL": "postgresql://db/name"}
    assert Settings.of(home=tmp_path, environment=environment).home == tmp_path
    settings = Settings.of(environment=environment)
    assert settings.home == tmp_path / "environment"
    assert settings.database_url == "postgresql://db/name"
    assert settings.artifacts_folder == tmp_path / "environment" / "artifacts"


def test_the_default_home_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings.of(environment={"SCORELINE_HOME": ""})
    assert settings.home == tmp_path / ".scoreline"
    assert settings.database_url == f"sqlite:///{tmp_path}/.scoreline/scoreline.db"


def test_a_home_is_the_same_folder_wherever_one_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.of(home="state", environment={}).home == tmp_path / "state"


@pytest.mark.parametrize(("url", "folder"), [("/a/b", "/a/b"), ("file:///a/b%20c", "/a/b c")])
def test_artifacts_lie_in_a_folder_by_path_or_url(url: str, folder: str) -> None:
    assert Settings.of(artifacts_url=url, environment={}).artifacts_folder == Path(folder)


def test_another_kind_of_artifacts_url_is_refused() -> None:
    with pytest.raises(BadSetting, match="'ftp://host/x' is not supported"):
        _ = Settings.of(artifacts_url="ftp://host/x", environment={}).artifacts_folder


def test_nothing_is_made_before_it_is_needed(app: App) -> None:
    assert not app.settings.home.exists()
    assert app.registry.models() == []
    assert (app.settings.home / "scoreline.db").exists()


def test_a_home_that_cannot_be_made_is_an_error_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="choose another with --home or SCORELINE_HOME"):
        _ = open_app(Settings.of(home=tmp_path / "file" / "home", environment={})).registry


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    table = (ROOT / "docs" / "settings.md").read_text()
    for setting in SETTINGS:
        row = f"`{setting.variable}` | `{setting.default}` | {setting.meaning} |"
        assert row in table, setting.name
    assert {setting.name for setting in SETTINGS} == set(Settings._fields)


def test_every_environment_variable_that_is_read_is_documented() -> None:
    table = (ROOT / "docs" / "settings.md").read_text()
    source = Path(scoreline.__file__).parent
    read = {
        variable for file in source.rglob("*.py") for variable in re.findall(r"\bSCORELINE_[A-Z_]+", file.read_text())
    }
    assert {variable for variable in read if f"`{variable}`" not in table} == set()


def test_listing_models_loads_no_training_stack_no_data_frames_and_no_graph_runtime(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from scoreline.app import deployments, experiments, inspect, models, scoring\n"
        "from scoreline.app.settings import Settings, open_app\n"
        f"app = open_app(Settings.of(home={str(tmp_path)!r}))\n"
        "models.models(app), deployments.deployments(app)\n"
        "heavy = {'polars', 'onnxruntime', 'sklearn', 'lightgbm', 'xgboost', 'optuna', 'onnx', 'starlette', 'numpy'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_fast_lane_is_on_unless_it_is_switched_off() -> None:
    assert Settings.of(environment={}).fast_lane
    assert Settings.of(environment={"SCORELINE_FAST_LANE": ""}).fast_lane
    assert not Settings.of(environment={"SCORELINE_FAST_LANE": "off"}).fast_lane
    assert not Settings.of(fast_lane=False, environment={"SCORELINE_FAST_LANE": "on"}).fast_lane
    with pytest.raises(BadSetting, match="SCORELINE_FAST_LANE is 'maybe': expected on or off"):
        Settings.of(environment={"SCORELINE_FAST_LANE": "maybe"})


def test_limits_are_numbers_above_zero_and_pending_requests_have_none_unless_it_is_set() -> None:
    assert Settings.of(environment={}).max_pending is None
    environment = {"SCORELINE_MAX_PENDING": "30", "SCORELINE_MAX_BODIES_MB": "0.5", "SCORELINE_MAX_CONNECTIONS": "7"}
    settings = Settings.of(environment=environment)
    assert (settings.max_pending, settings.max_bodies_mb, settings.max_connections) == (30, 0.5, 7)
    for value in ("0", "-1", "many", "1.5", "9" * 30, "²"):
        with pytest.raises(BadSetting, match="expected a whole number above 0"):
            Settings.of(environment={"SCORELINE_MAX_PENDING": value})


def test_scripts_of_no_site_may_ask_unless_sites_are_named() -> None:
    def origins(text: str) -> tuple[str, ...]:
        return Settings.of(environment={"SCORELINE_CORS_ORIGINS": text}).cors_origins

    assert Settings.of(environment={}).cors_origins == origins("") == ()
    assert origins("https://A.example/, http://localhost:3000") == ("https://a.example", "http://localhost:3000")
    assert origins("*") == ("*",)
    for wrong in ("a.example", "https://", "https://a.example/path", "ftp://a.example", "https://*.example?x"):
        with pytest.raises(BadSetting, match="SCORELINE_CORS_ORIGINS"):
            origins(wrong)


def test_no_proxy_is_trusted_unless_addresses_or_networks_are_named() -> None:
    def proxies(text: str) -> tuple[str, ...]:
        return Settings.of(environment={"SCORELINE_TRUSTED_PROXIES": text}).trusted_proxies

    assert Settings.of(environment={}).trusted_proxies == proxies("") == ()
    assert proxies("10.0.0.7, 192.168.0.0/16,2001:DB8::/32") == ("10.0.0.7/32", "192.168.0.0/16", "2001:db8::/32")
    assert proxies("*") == ("*",)
    for wrong in ("proxy.example", "10.0.0.7/16", "10.0.0", "10.0.0.0/40"):
        with pytest.raises(BadSetting, match="SCORELINE_TRUSTED_PROXIES"):
            proxies(wrong)


def test_https_is_the_only_way_where_that_is_said() -> None:
    assert not Settings.of(environment={}).https_only
    assert Settings.of(environment={"SCORELINE_HTTPS_ONLY": "on"}).https_only
    with pytest.raises(BadSetting, match="SCORELINE_HTTPS_ONLY"):
        Settings.of(environment={"SCORELINE_HTTPS_ONLY": "yes"})
