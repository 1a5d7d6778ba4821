"""Use case: what lies in files goes with its space."""

from __future__ import annotations

import shutil

from scoreline.app.settings import Settings, folder_of_space


def forget(settings: Settings, space_id: str) -> None:
    """Remove a deleted space's experiments, and have the compactor remove its prediction log.

    Nobody could read either any more: both go by the space's id, which no other space ever has.
    """
    from scoreline.app.prediction_log import folder_of
    from scoreline.prediction_log.places import Places

    shutil.rmtree(folder_of_space(settings.home, space_id), ignore_errors=True)
    Places(folder_of(settings)).forget_space(space_id)
