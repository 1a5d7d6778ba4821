"""What the tutorials have their readers run, as printed: only host, key and name are ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.acceptance.tutorials import STEPS
from tests.acceptance.tutorials.servers import world as served
from tests.acceptance.tutorials.step import Step, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.mktemp("tutorials")) as found:
        yield found


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_a_tutorials_command_answers_as_it_should(
    world: World, step: Step, record_property: Callable[[str, object], None]
) -> None:
    answer = step.run(world)
    step.check(world, answer)
    record_property("told", step.told(world, answer))  # docs/tutorials.md is made of it
