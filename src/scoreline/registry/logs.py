"""What a deployment's prediction log keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

from scoreline.core.entities import HIDEABLE, Deployment, LogSettings
from scoreline.core.errors import BadSetting, ScorelineError
from scoreline.registry.traffic import check_percent
from scoreline.registry.users import others


def changed(
    kept: LogSettings, enabled: bool | None, sample: float | None, hide: Sequence[str], show: Sequence[str]
) -> LogSettings:
    """Return ``kept`` with what is given. Raises BadSetting when ``sample`` is no percentage."""
    if sample is not None:
        check_percent("the sample of the prediction log", sample)
    for column in show:
        if column not in kept.hidden:
            hidden = f"hidden are {', '.join(kept.hidden)}" if kept.hidden else "no column is hidden"
            raise BadSetting(f"column `{column}` is stored already", hint=hidden)
    return LogSettings(
        enabled=kept.enabled if enabled is None else enabled,
        sample=kept.sample if sample is None else float(sample),
        hidden=tuple(column for column in dict.fromkeys((*kept.hidden, *hide)) if column not in show),
    )


def check_columns(deployment: Deployment, columns: Sequence[str], artifact: Callable[[str], Path]) -> None:
    """Raise BadSetting unless each of ``columns`` is one of a version that the deployment needs, or of ``HIDEABLE``.

    A file that cannot be read is in the way only of what is in no other one; raises what reading it raised.
    """
    from scoreline.scoring.archive import read_archive  # lists and changes of aliases need no file

    needed = {each.digest: each.version for each in (deployment, *others(deployment))}
    known: dict[str, None] = {}
    unreadable: ScorelineError | None = None
    for digest in needed:
        try:
            known.update(dict.fromkeys(read_archive(artifact(digest))[0].schema.names))
        except ScorelineError as error:
            unreadable = error
    for column in columns:
        if column not in known and column not in HIDEABLE:
            if unreadable is not None:
                raise unreadable
            close = get_close_matches(column, known, n=3)
            raise BadSetting(
                f"no column `{column}` in version {', '.join(map(str, needed.values()))} of {deployment.model}",
                hint=f"did you mean {', '.join(close)}?" if close else f"there is {', '.join(list(known)[:20])}",
            )
