"""What a column's name says about its values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IDENTIFIER_LAST = _words(
    "id ids pid uid uuid guid oid key idx index no nr num number rowid rownames row instant sn serial"
)
IDENTIFIER_WHOLE = _words(
    "userid customerid clientid orderid sessionid deviceid productid itemid storeid accountid memberid passengerid"
)
CODE = _words("id code zip zipcode postcode postal class subclass sku cluster segment region district")
IN_TIME = _words("year yr date day month mon week hour minute time timestamp epoch rank age")


def tokens(name: str) -> list[str]:
    """Split a name into lower-case words: ``customerID`` and ``customer_id`` are ``customer`` and ``id``."""
    return [token.lower() for token in TOKEN.findall(name)]


def names_identifier(name: str) -> bool:
    """Tell whether a column of this name holds keys of rows or of things."""
    words = tokens(name)
    return bool(words) and (words[-1] in IDENTIFIER_LAST or "".join(words) in IDENTIFIER_WHOLE)


def names_code(name: str) -> bool:
    """Tell whether whole numbers under this name are codes and not quantities."""
    return bool(CODE.intersection(tokens(name))) or "".join(tokens(name)) in IDENTIFIER_WHOLE


def names_time(name: str) -> bool:
    """Tell whether whole numbers under this name count time, so that running numbers mean something."""
    return bool(IN_TIME.intersection(tokens(name)))


def close_to(name: str, names: Iterable[str]) -> str:
    """Write the hint for an unknown name: those most like it, or the first few."""
    names = list(names)
    folded = {candidate.lower(): candidate for candidate in names}
    close = [folded[match] for match in difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.6)]
    if close:
        return f"did you mean {' or '.join(f'`{match}`' for match in close)}?"
    shown = ", ".join(f"`{candidate}`" for candidate in names[:12])
    return f"its columns are {shown}{', …' if len(names) > 12 else ''}"
