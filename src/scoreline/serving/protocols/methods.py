"""What the methods of Driverless AI's services share, however they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scoreline.core.errors import BadRequest, Unsupported
from scoreline.core.schema import label_text
from scoreline.serving.active import Active

FLAGS = {"pred_contribs": "contributions (Shapley values)", "output_margin": "margins"}
"""Parameters that ask for something other than scores, in their order, and for what."""


def column_names(active: Active) -> list[str]:
    """Return the columns of a row."""
    return active.pipeline.schema.names


def target_labels(active: Active) -> list[str]:
    """Return the classes in the order of their scores, as text; none of a regression."""
    return [label_text(label) for label in active.pipeline.manifest.labels]


def no_transformed_columns() -> Unsupported:
    """Return the refusal of ``get_transformed_column_names``."""
    return Unsupported(
        "transformed columns have no names here: feature work and model are one graph",
        hint="get_column_names lists the columns of a row",
    )


def check_flags(parameters: Mapping[str, Any]) -> None:
    """Raise Unsupported where one of ``FLAGS`` is set, BadRequest where it is neither true nor false."""
    for flag, what in FLAGS.items():
        value = parameters.get(flag)
        if value is not None and not isinstance(value, bool):
            raise BadRequest(f"`{flag}`: expected true or false")
        if value:
            raise Unsupported(f"{what} are not offered by this deployment", hint=f"leave `{flag}` out to get scores")
