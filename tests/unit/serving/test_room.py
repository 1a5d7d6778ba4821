from __future__ import annotations

import json

import pytest
from tests.unit.web.conftest import two_models

from scoreline.core.errors import TooLarge
from scoreline.serving import room
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.protocols import DIALECTS

ROWS = {
    "native": {"rows": [{}] * 999 + [{"age": 1}]},
    "native, in columns": {"fields": ["age"], "rows": [[1]] * 1000},
    "h2o": {"fields": ["age"], "rows": [["1"]] * 1000},
}


@pytest.mark.parametrize("spoken", ROWS)
def test_short_rows_cannot_unpack_to_more_values_than_a_request_may_hold(
    spoken: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = DIALECTS[spoken.partition(",")[0]]
    body = json.dumps(ROWS[spoken]).encode()
    with two_models(tmp_path_factory.mktemp("room")) as app:
        deployments = ActiveDeployments(app.registry)
        deployments.refresh()
        active = deployments.get("credit")
        monkeypatch.setattr(room, "N_CELLS", 3000)
        assert len(dialect.decode(body, active).decoded.rows) == 1000
        monkeypatch.setattr(room, "N_CELLS", 2999)
        with pytest.raises(TooLarge, match="1,000 rows of 3 columns are more than 2,999 values"):
            dialect.decode(body, active)
        monkeypatch.setattr(room, "N_PARTS", 1000)
        with pytest.raises(TooLarge, match="more than 1,000 objects and lists"):
            dialect.decode(body, active)
