"""Who asks with a wrong key, or none, is told so in every dialect, and down every way."""

from __future__ import annotations

import pytest
from tests.protocols.conftest import World
from tests.protocols.speakers import Speaker
from tests.protocols.test_scenarios import OTHER, ROW, every_way, expected, post

from scoreline.core.access import ROLES


@every_way
@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer sl_guess"}, {"x-api-key": "sl_guess"}], ids=str)
def test_who_has_no_key_or_a_wrong_one_is_not_let_in(guarded: World, speaker: Speaker, header: dict[str, str]) -> None:
    for body in (speaker.write([ROW]), b"{"):  # what is in the body is not looked at
        if getattr(speaker, "ask", None) is not None and body == b"{":
            continue
        answer = post(guarded, speaker, body, **header)
        assert answer.status_code == 401, answer.text
        assert answer.headers.get("x-request-id") or not speaker.tells_more
        message = speaker.message(answer.content)
        assert "key" in message
        assert "sl_guess" not in message


@every_way
def test_who_has_no_key_does_not_learn_what_is_deployed(guarded: World, speaker: Speaker) -> None:
    told = [post(guarded, speaker, speaker.write([ROW]), name) for name in ("credit", "nothing")]
    assert [answer.status_code for answer in told] == [401, 401]
    assert len({speaker.message(answer.content) for answer in told}) == 1


@every_way
@pytest.mark.parametrize(
    ("key", "status"),
    [*((f"sl_{role}", 403 if role == "viewer" else 200) for role in ROLES), ("sl_price", 404), ("sl_other", 404)],
)
def test_who_has_a_key_may_do_what_it_is_for(guarded: World, speaker: Speaker, key: str, status: int) -> None:
    rows = [ROW, OTHER]
    answer = post(guarded, speaker, speaker.write(rows), authorization=f"Bearer {key}")
    if status == 200:
        assert speaker.scores(answer.content) == expected(guarded, rows)
    else:
        assert answer.status_code == status, answer.text
        assert speaker.message(answer.content)
