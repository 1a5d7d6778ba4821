"""The media: ways to write rows and predictions that belong to no dialect. A dialect names those that it takes."""

from scoreline.core.extensions import Extensions
from scoreline.core.translation import Translate
from scoreline.serving.media.arrow import Arrow
from scoreline.serving.media.csv import Csv
from scoreline.serving.media.form_data import FormData
from scoreline.serving.media.json_lines import JsonLines
from scoreline.serving.media.medium import Medium
from scoreline.serving.media.msgpack import Msgpack
from scoreline.serving.media.npy import Npy
from scoreline.serving.media.parquet import Parquet


def media(translate: Translate) -> Extensions[Medium]:
    """Return the one list. ``translate`` reads and writes what is not read and written here."""
    csv = [Csv(header=True), Csv(header=False), Csv(header=None)]
    return Extensions("medium", [Msgpack(), *csv, FormData(), JsonLines(), Npy(), Arrow(translate), Parquet(translate)])
