"""The first lines of delimited text: which delimiter it has, and how its columns are called."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Sequence

from scoreline.core.errors import BadData

DELIMITERS = ",\t;|"
SNIFF_RECORDS = 100
SNIFF_BYTES = 1 << 16


def sniff_delimiter(sample: str) -> str:
    """Guess the delimiter: the one that most often gives a row as many fields as the header, then the most fields."""
    best, best_rank = DELIMITERS[0], (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            widths = [len(fields) for fields in itertools.islice(reader, SNIFF_RECORDS) if fields]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            rank = (Counter(widths)[widths[0]] / len(widths), widths[0])
            if rank > best_rank:
                best, best_rank = delimiter, rank
    return best


def read_header(fields: Sequence[str], name: str) -> list[str]:
    """Return the column names: stripped, and an unnamed column named by its position.

    Raises:
        BadData: two columns have one name, or the header looks like a row of data.
    """
    columns = [field.strip() or f"column_{position}" for position, field in enumerate(fields, 1)]
    repeated = {column: n for column, n in Counter(columns).items() if n > 1}
    numbers = [column for column in columns if _is_number(column)]
    if len(numbers) == len(columns) and (repeated or any("." in column for column in columns)):
        raise BadData(f"{name}: the first line holds only numbers ({', '.join(columns[:5])})", hint="add a header line")
    if repeated:
        column = next(iter(repeated))
        positions = [str(position) for position, field in enumerate(columns, 1) if field == column]
        raise BadData(
            f"{name}, header: column `{column}` appears {repeated[column]} times, as fields {', '.join(positions)}",
            hint="give every column a name of its own",
        )
    return columns


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
