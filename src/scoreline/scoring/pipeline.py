"""ScoringPipeline: rows to predictions, out of one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scoreline.core.errors import ArtifactRefused
from scoreline.core.manifest import Manifest
from scoreline.scoring.archive import GRAPH, SAMPLE, Source, read_archive
from scoreline.scoring.decode import Decoder
from scoreline.scoring.form import Form
from scoreline.scoring.graph import Graph
from scoreline.scoring.predictions import Predictions, outputs
from scoreline.scoring.rows import Decoded, Rows
from scoreline.scoring.sample import Sample, check_sample, read_sample


def load(source: Source, *, verify: bool = True) -> ScoringPipeline:
    """Load a scoring pipeline from a ``*.scoreline`` file or from its bytes.

    Everything about the file is always checked (see ``archive``); ``verify=False`` leaves out the self-test only, for a
    caller that runs it at a time of its own.

    Raises:
        NotFound: there is no such file.
        ArtifactRefused: the file is refused, with a sentence.
    """
    manifest, members = read_archive(source)
    pipeline = ScoringPipeline(manifest, Graph(members[GRAPH]), read_sample(members[SAMPLE]))
    if verify:
        pipeline.self_test()
    return pipeline


class ScoringPipeline:
    """A manifest, its graph and its sample, ready to score. Safe to use from several threads.

    Raises:
        ArtifactRefused: manifest and graph do not belong together.
    """

    def __init__(self, manifest: Manifest, graph: Graph, sample: Sample) -> None:
        _check_belong_together(manifest, graph)
        self.manifest = manifest
        self.schema = manifest.schema
        self.sample = sample
        self.graph = graph
        self.decoder = Decoder(manifest.schema)
        self._form = Form(manifest.task, manifest.target, manifest.labels)

    def score(self, rows: Any) -> Predictions:
        """Score a dict (one row), a list of dicts, a polars or pandas data frame, or a pyarrow table.

        Raises:
            SchemaMismatch: a value cannot be read, or a required one is missing; says row and column.
        """
        if isinstance(rows, dict):
            return self.score_decoded(self.decoder.records((rows,)))
        if isinstance(rows, list | tuple):
            return self.score_decoded(self.decoder.records(rows))
        return self.score_decoded(
            self.decoder.records((rows,)) if isinstance(rows, Mapping) else self.decoder.frame(rows)
        )

    def score_decoded(self, decoded: Decoded) -> Predictions:
        """Score decoded rows; the predictions remember which columns were ignored and absent."""
        return Predictions(self._form, self.graph.run(decoded.rows), decoded.ignored, decoded.absent)

    def score_rows(self, rows: Rows) -> Predictions:
        """Score Rows."""
        return Predictions(self._form, self.graph.run(rows))

    def self_test(self) -> None:
        """Score the sample and compare.

        Raises:
            ArtifactRefused: a score differs from what it must be.
        """
        check_sample(self.sample, self.score(self.sample.rows).values)


def _check_belong_together(manifest: Manifest, graph: Graph) -> None:
    schema, labels = manifest.schema, manifest.labels
    names = schema.names
    if not names or len(set(names)) < len(names):
        raise ArtifactRefused("the manifest's schema has no column, or one twice")
    if (manifest.task == "regression") != (not labels) or len(set(map(repr, labels))) < len(labels) or len(labels) == 1:
        raise ArtifactRefused(f"the manifest's labels {list(labels)} do not fit the task {manifest.task}")
    if manifest.outputs != outputs(manifest.task, manifest.target, labels):
        raise ArtifactRefused("the manifest's outputs are not those of its target and labels")
    wanted, found = (len(schema.numbers), len(schema.texts)), (graph.n_numbers, graph.n_texts)
    if wanted != found:
        raise ArtifactRefused(
            f"pipeline.onnx takes {found[0]} numbers and {found[1]} texts; the schema has {wanted[0]} and {wanted[1]}"
        )
    if graph.answer != ("prediction" if manifest.task == "regression" else "probability"):
        raise ArtifactRefused(f"pipeline.onnx answers with `{graph.answer}`, which the task {manifest.task} does not")
    width = graph.width
    if labels and width is not None and width != len(labels):
        raise ArtifactRefused(f"pipeline.onnx gives {width} probabilities for {len(labels)} labels")
