"""Which other versions share a deployment's requests, and which one shadows it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from scoreline.core.errors import BadSetting
from scoreline.registry import lookup
from scoreline.registry.names import Reference, parse_version
from scoreline.registry.seams import Records

WHOLE = 100.0
"""All requests of a deployment, in percent."""
_ROUNDING = 1e-9
"""Weights such as 33.3, 33.3 and 33.4 add up to a little more than all."""


def split(records: Records, name: str, weights: Mapping[str, float] | None, sticky: bool | None, at: datetime) -> None:
    """Give shares of a deployment's requests to other versions of its model; no weights end the split.

    Raises NotFound, BadSetting.
    """
    deployment = lookup.deployment(records, name)
    if weights is None:
        weights = {share.reference: share.weight for share in deployment.split}
        if not weights:
            raise BadSetting(f"{name} has no split", hint=f"scoreline traffic {name} VERSION=PERCENT makes one")
    taken = {deployment.version: f"what {name} answers with already ({deployment.reference})"}
    chosen = []
    for text, weight in weights.items():
        reference = parse_share(text)
        version = lookup.version(records, deployment.model, reference).number
        check_percent(f"the weight of {text}", weight)
        if version in taken:
            raise BadSetting(
                f"{text} is version {version} of {deployment.model}, which is {taken[version]}",
                hint=f"scoreline versions {deployment.model} lists the others",
            )
        taken[version] = f"in the split already ({reference})"
        chosen.append((reference.alias, reference.number, float(weight)))
    total = math.fsum(weights.values())
    if total > WHOLE + _ROUNDING:
        raise BadSetting(
            f"the weights add up to {total:g} percent",
            hint=f"at most 100: version {deployment.version} answers what they leave",
        )
    if sticky is None:
        sticky = deployment.sticky
    records.put_split(name, chosen, sticky=sticky and bool(chosen), at=at)


def shadow(records: Records, name: str, reference: str | None, share: float, at: datetime) -> None:
    """Let another version score a share of a deployment's requests as well; None ends it.

    Raises NotFound, BadSetting.
    """
    deployment = lookup.deployment(records, name)
    if reference is None:
        records.put_shadow(name, None, at=at)
        return
    parsed = parse_share(reference)
    version = lookup.version(records, deployment.model, parsed).number
    check_percent("the share of the shadow", share)
    if version == deployment.version:
        raise BadSetting(
            f"{reference} is version {version} of {deployment.model}, which {name} answers with already",
            hint=f"a shadow is another version: scoreline versions {deployment.model} lists them",
        )
    records.put_shadow(name, (parsed.alias, parsed.number, float(share)), at=at)


def parse_share(text: str) -> Reference:
    """Read ``challenger``, ``@challenger``, ``7`` or ``@7``: the model is the deployment's. Raises BadSetting."""
    return parse_version(text.removeprefix("@"))


def check_percent(what: str, value: float) -> None:
    """Raise BadSetting unless ``value`` is more than 0 and at most 100; NaN is not."""
    if not 0 < value <= WHOLE:
        raise BadSetting(f"{what} is {value:g}: expected a percentage", hint="more than 0 and at most 100")
