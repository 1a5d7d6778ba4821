"""The gate by itself: credentials as callers write them, what is remembered, what is throttled."""

from __future__ import annotations

import asyncio
import base64
import gc
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.keys import Keys, identify

from scoreline.core.access import ACTIONS_OF_ROLE, ANYONE, EVERY_SPACE, Needs
from scoreline.core.errors import Forbidden, NotFound, ScorelineError, TooManyRequests, Unauthenticated, Unavailable
from scoreline.web.gate import KeyGate, OpenGate, Pass
from scoreline.web.gate import gate as the_gate
from scoreline.web.gate.credentials import LONGEST_BYTES, NO_NAMES, Credential, find, read
from scoreline.web.gate.rate import Bucket


def basic(pair: str, scheme: str = "Basic") -> bytes:
    return f"{scheme} {base64.b64encode(pair.encode()).decode()}".encode()


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(work())


def asks(gate: KeyGate, credential: bytes, needs: Needs = "score", **more: Any) -> Any:
    """Ask once; return the access, or the error."""

    async def ask() -> Any:
        try:
            return await identify(gate, credential, needs, **more)
        except ScorelineError as error:
            return error

    return run(ask)


@pytest.mark.parametrize(
    "header",
    [
        b"sl_1",
        b" sl_1 ",
        b"Bearer sl_1",
        b"bearer sl_1",
        b"Bearer  sl_1",
        b"Bearer Bearer sl_1",
        b"BEARER  Bearer   sl_1",
        basic("apikey:sl_1"),
        basic("token:sl_1"),
        basic(":sl_1"),
        basic("sl_1:"),
        basic("ada:sl_1", "ZenApiKey"),
    ],
)
def test_a_key_is_read_in_every_form_in_which_callers_write_it(header: bytes) -> None:
    assert read(header) == Credential("sl_1")


def test_basic_brings_a_name_and_a_password() -> None:
    assert read(basic("ada:s:é")) == Credential("s:é", "ada")


@pytest.mark.parametrize(
    "header",
    [
        b"Basic",
        b"Basic !",
        basic("ada"),
        basic(":"),
        basic("apikey:"),
        b"Digest username=ada",
        b"Basic \xff\xfe",
        b"x" * (LONGEST_BYTES + 1),
    ],
)
def test_what_is_no_credential_is_told_without_repeating_it(header: bytes) -> None:
    with pytest.raises(Unauthenticated) as told:
        read(header)
    assert "ada" not in str(told.value)


schemes = st.sampled_from([b"Basic ", b"Bearer ", b"ZenApiKey "])


@given(st.binary(max_size=200) | st.tuples(schemes, st.binary(max_size=200)).map(b"".join))
def test_whatever_stands_in_a_header_is_a_credential_or_is_refused(header: bytes) -> None:
    try:
        found = read(header)
    except Unauthenticated:
        return
    assert found.secret


@given(
    user=st.text(min_size=1).filter(lambda text: ":" not in text and text not in NO_NAMES), secret=st.text(min_size=1)
)
def test_basic_brings_any_name_and_password_whole(user: str, secret: str) -> None:
    assert read(basic(f"{user}:{secret}")) == Credential(secret, user)


def test_the_first_header_that_says_something_counts() -> None:
    headers = [(b"host", b"here"), (b"x-api-key", b""), (b"api-key", b"a"), (b"authorization", b"b")]
    assert find(headers, b"") == (b"a", b"")


@pytest.mark.parametrize(
    ("headers", "query", "space"),
    [
        ([], b"version=2026-10-14", b""),
        ([], b"version=2026-10-14&space_id=other", b"other"),
        ([(b"x-scoreline-space", b"third")], b"space_id=other", b"third"),
        ([(b"x-scoreline-space", b"")], b"space_id=a%20b", b"a b"),
    ],
)
def test_the_space_is_that_of_the_header_or_else_of_the_address(
    headers: list[tuple[bytes, bytes]], query: bytes, space: bytes
) -> None:
    assert find(headers, query)[1] == space


def test_an_address_holds_no_key() -> None:
    assert find([], b"api_key=sl_1&apikey=sl_1") == (b"", b"")


def test_a_key_is_looked_up_once() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    keys.key("sl_1")
    assert asks(gate, b"sl_1").name == "the scorer's"
    assert asks(gate, b"sl_1").name == "the scorer's"
    assert keys.n_asked == 1


def test_who_asks_at_the_same_time_waits_for_the_same_look_up() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    keys.key("sl_1")

    async def many() -> list[Any]:
        return await asyncio.gather(*(identify(gate, b"sl_1", "score") for _ in range(50)))

    assert {access.id for access in run(many)} == {"sl_1"}
    assert keys.n_asked == 1


def test_who_stops_waiting_does_not_stop_the_others() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    keys.key("sl_1")
    keys.held.clear()

    async def two() -> Any:
        gone, stays = (asyncio.create_task(identify(gate, b"sl_1", "score")) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        keys.held.set()
        return await stays

    assert run(two).id == "sl_1"


@pytest.mark.parametrize("credential", [b"", b"sl_2", b"Bearer sl_2", basic("ada:wrong")])
def test_who_is_not_known_is_not_let_in(credential: bytes) -> None:
    gate = KeyGate(Keys())
    assert isinstance(asks(gate, credential), Unauthenticated)
    assert isinstance(asks(gate, credential), Unauthenticated)


def test_what_is_not_known_is_not_asked_again_at_once() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    for _ in range(3):
        asks(gate, b"sl_2")
    assert keys.n_asked == 1


def test_a_key_that_is_made_after_it_was_refused_holds_once_that_is_seen() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    gate.refresh()
    asks(gate, b"sl_2")
    keys.key("sl_2")
    keys.change()
    gate.refresh()
    assert asks(gate, b"sl_2").id == "sl_2"


def test_a_revoked_key_is_refused_once_that_is_seen() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    gate.refresh()
    keys.key("sl_1")
    asks(gate, b"sl_1")
    keys.revoke("sl_1")
    gate.refresh()
    assert isinstance(asks(gate, b"sl_1"), Unauthenticated)


def test_what_was_asked_before_a_change_is_not_kept_after_it() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    gate.refresh()
    keys.key("sl_1")
    keys.held.clear()

    async def revoked_meanwhile() -> Any:
        asking = asyncio.create_task(identify(gate, b"sl_1", "score"))
        await asyncio.sleep(0)
        keys.change()
        gate.refresh()
        keys.held.set()
        return await asking

    assert run(revoked_meanwhile).id == "sl_1"
    assert gate.known(b"sl_1", b"") is None


def test_an_expired_key_is_not_let_in() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    keys.key("sl_1", expires_at=time.time() + 0.02)
    asks(gate, b"sl_1")
    while gate.known(b"sl_1", b"") is not None:
        gc.collect()
    keys.revoke("sl_1")
    assert isinstance(asks(gate, b"sl_1"), Unauthenticated)
    assert gate.known(b"sl_1", b"") is not None  # that it does not hold is remembered


@pytest.mark.parametrize(("needs", "message"), [("edit", "right to edit"), ("admin", "right to admin")])
def test_who_may_not_is_told_what_is_missing(needs: Needs, message: str) -> None:
    keys = Keys()
    gate = KeyGate(keys)
    keys.key("sl_1")
    found = asks(gate, b"sl_1", needs)
    assert isinstance(found, Forbidden)
    assert message in found.message
    assert "score, view" in found.message


def test_a_key_means_its_own_space_unless_another_is_named() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    scorer = ACTIONS_OF_ROLE["scorer"]
    keys.key("sl_1", space="other", grants={"other": scorer, "third": scorer})
    assert asks(gate, b"sl_1").space == "other"
    assert asks(gate, b"sl_1", space="third").space == "third"
    assert asks(gate, b"sl_1", space="id-of-third").space == "third"
    assert asks(gate, b"sl_1", space="other").space == "other"


@pytest.mark.parametrize("space", ["default", "id-of-default", "nowhere", "*", "\xff"])
def test_a_space_where_one_may_do_nothing_is_told_like_one_that_is_not_there(space: str) -> None:
    keys = Keys()
    gate = KeyGate(keys)
    keys.key("sl_1", space="other")
    found = asks(gate, b"sl_1", space=space)
    assert isinstance(found, NotFound)
    assert found.message == f"there is no space `{space.encode().decode('latin-1')}`"


def test_who_administers_all_spaces_may_name_any_that_is_there() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    keys.key("sl_1", grants={EVERY_SPACE: ACTIONS_OF_ROLE["admin"]})
    assert asks(gate, b"sl_1", "admin", space="third").space == "third"
    assert isinstance(asks(gate, b"sl_1", "admin", space="nowhere"), NotFound)


def test_a_rate_is_shared_out_over_workers_that_have_no_folder_together() -> None:
    keys = Keys()
    keys.key("sl_1", rate=0.5)
    gate = KeyGate(keys, n_workers=2)
    assert asks(gate, b"sl_1").id == "sl_1"
    refused = asks(gate, b"sl_1")
    assert isinstance(refused, TooManyRequests)
    assert refused.retry_seconds == 4


def test_a_change_does_not_fill_the_bucket_again() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    gate.refresh()
    keys.key("sl_1", rate=0.001)
    asks(gate, b"sl_1")
    keys.change()
    gate.refresh()
    assert isinstance(asks(gate, b"sl_1"), TooManyRequests)


def test_a_bucket_lets_its_rate_through_over_any_time() -> None:
    now = 100.0
    bucket = Bucket(10, clock=lambda: now)
    assert [bucket.take() for _ in range(11)] == [0.0] * 10 + [pytest.approx(0.1)]
    let_through = 0
    for _ in range(1000):
        now += 0.01
        let_through += not bucket.take()
    assert let_through == pytest.approx(100, abs=1)


def test_guesses_of_one_address_are_throttled_and_who_is_known_is_not() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    keys.key("sl_1")
    keys.key("sl_2")
    asks(gate, b"sl_1", origin="10.0.0.1")
    found = [asks(gate, b"guess %d" % i, origin="10.0.0.1") for i in range(the_gate.N_FAILURES + 100)]
    assert isinstance(found[0], Unauthenticated)
    assert isinstance(found[-1], TooManyRequests)
    assert keys.n_asked < the_gate.N_FAILURES + 100
    assert asks(gate, b"sl_1", origin="10.0.0.1").id == "sl_1"
    assert asks(gate, b"sl_2", origin="10.0.0.2").id == "sl_2"


def test_credentials_that_nobody_has_do_not_fill_the_memory() -> None:
    gate = KeyGate(Keys())
    asks(gate, b"x" * 5000)
    assert gate.known(b"x" * 5000, b"") is None
    for i in range(the_gate.N_STRANGERS_KEPT + 50):
        asks(gate, b"guess %d" % i, origin=f"10.0.{i // 50}.1")
    known = [gate.known(b"guess %d" % i, b"") for i in range(the_gate.N_STRANGERS_KEPT + 50)]
    assert 0 < sum(found is not None for found in known) <= the_gate.N_STRANGERS_KEPT


def test_no_more_than_a_few_look_ups_of_one_address_wait() -> None:
    keys = Keys()
    gate = KeyGate(keys)
    gate.refresh()
    keys.key("sl_1")
    asks(gate, b"sl_1", origin="10.0.0.1")
    keys.change()
    gate.refresh()
    keys.held.clear()

    async def many() -> list[Any]:
        loop = asyncio.get_running_loop()
        asked = [gate.look_up(b"guess %d" % i, b"", "10.0.0.1", loop) for i in range(100)]
        asked.append(gate.look_up(b"sl_1", b"", "10.0.0.1", loop))
        keys.held.set()
        return await asyncio.gather(*asked)

    found = run(many)
    assert isinstance(found[-1], Pass)  # it held before the change
    refused = [one for one in found[:-1] if isinstance(one._error, TooManyRequests)]
    assert len(refused) == 100 - the_gate.N_ASKING_FROM_ONE


@pytest.mark.parametrize("failure", [Unavailable("the database is away"), RuntimeError("sl_1")])
def test_what_could_not_be_found_out_is_tried_again(failure: Exception) -> None:
    keys = Keys()
    gate = KeyGate(keys)
    keys.key("sl_1")
    keys.failure = failure
    found = asks(gate, b"sl_1")
    assert isinstance(found, Unavailable)
    assert "sl_1" not in str(found)
    keys.failure = None
    assert asks(gate, b"sl_1").id == "sl_1"


def test_a_server_without_keys_lets_all_see_and_score_and_nobody_change_anything() -> None:
    gate = OpenGate()
    for needs in ("nothing", "view", "score"):
        assert run(lambda needs=needs: identify(gate, b"any", needs)) is ANYONE
    for needs in ("edit", "admin"):
        with pytest.raises(Forbidden, match="nobody may change anything here"):
            run(lambda needs=needs: identify(gate, b"any", needs))
