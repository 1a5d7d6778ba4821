"""Tables in: read files, infer a schema, profile, split, and say what is doubtful."""

from scoreline.data.dataset import Dataset
from scoreline.data.guardrails import check
from scoreline.data.making import make_dataset
from scoreline.data.profile import profile
from scoreline.data.reading import iter_table, read_table
from scoreline.data.splits import Split, SplitKind, split
from scoreline.data.target import encode_target, infer_task, target_labels
from scoreline.data.writing import TableWriter, write_table

__all__ = [
    "Dataset",
    "Split",
    "SplitKind",
    "TableWriter",
    "check",
    "encode_target",
    "infer_task",
    "iter_table",
    "make_dataset",
    "profile",
    "read_table",
    "split",
    "target_labels",
    "write_table",
]
