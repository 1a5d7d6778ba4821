"""scikit-learn's estimators and pipelines, written by skl2onnx."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.base import is_classifier, is_regressor

from scoreline.core.errors import MissingExtra, ModelRefused
from scoreline.core.schema import Label
from scoreline.importing.onnx_answer import find_answer
from scoreline.importing.onnx_graph import rewritten
from scoreline.importing.onnx_inputs import inputs_of
from scoreline.importing.original import CannotTake, Described, Feature, Plan, first_line, values_of
from scoreline.importing.originals.onnx import session_of
from scoreline.importing.originals.sklearn_parts import chooses_columns, copy_for_onnx, levels_of
from scoreline.scoring.rows import Rows

OPSETS = {"": 20, "ai.onnx.ml": 3}


DOUBLES = (True, False)
"""Whether numbers enter as doubles: skl2onnx can write less of that, and what it can is closer to scikit-learn."""


class SklearnModel:
    """A fitted estimator, scored by itself."""

    def __init__(self, model: Any, format_name: str) -> None:
        self._model, self._format = getattr(model, "best_estimator_", model), format_name
        model = self._model
        if not is_classifier(model) and not is_regressor(model):
            raise ModelRefused(
                f"{type(model).__name__} neither classifies nor predicts a number", hint="save the whole pipeline"
            )
        if is_classifier(model) and not hasattr(model, "predict_proba"):
            raise ModelRefused(
                f"{type(model).__name__} gives no probabilities",
                hint="fit it inside CalibratedClassifierCV, or with probability=True",
            )
        names = getattr(model, "feature_names_in_", None)
        n_features = getattr(model, "n_features_in_", None)
        if n_features is None:
            raise ModelRefused(f"{type(model).__name__} is not fitted", hint="save it after fit")
        self._named = names is not None
        self._names = [str(name) for name in names] if names is not None else [f"x{i}" for i in range(n_features)]
        self._levels = levels_of(model, self._names)

    @property
    def n_variants(self) -> int:
        return len(DOUBLES)

    @cached_property
    def described(self) -> Described:
        labels = self._labels()
        return Described(
            format=self._format,
            features=tuple(
                Feature(name=name, kind="text", levels=self._levels[name])
                if name in self._levels
                else Feature(name=name, kind="any")
                for name in self._names
            ),
            named=self._named,
            task="regression" if not labels else "binary" if len(labels) == 2 else "multiclass",
            labels=labels or None,
            n_labels=len(labels) or None,
            libraries={"scikit-learn": sklearn.__version__},
        )

    def graph(self, plan: Plan) -> bytes:
        from skl2onnx import convert_sklearn

        from scoreline.importing.originals import sklearn_imputer, sklearn_trees

        sklearn_imputer.register()
        sklearn_trees.register()
        copied = copy_for_onnx(self._model)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                written = convert_sklearn(
                    copied,
                    initial_types=self._types(plan),
                    options={id(copied): {"zipmap": False}} if is_classifier(self._model) else None,
                    target_opset=OPSETS,
                )
        except Exception as error:  # skl2onnx's own exceptions share no base but this
            told = " ".join(str(error).split())[:300]
            raise ModelRefused(
                f"skl2onnx cannot write it: {told}", hint="leave that part out of the pipeline, or export it to ONNX"
            ) from None
        session = session_of(written.SerializeToString())
        inputs = inputs_of(session)
        answer = find_answer(written, session, lambda _: len(plan.labels) or 1)
        return rewritten(written, inputs, answer, plan)

    def thresholds(self, plan: Plan) -> dict[int, npt.NDArray[np.float64]]:
        return {}

    def score(self, rows: Rows, plan: Plan) -> npt.NDArray[np.float64]:
        table = self._table(rows, plan)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = self._model.predict_proba(table) if plan.labels else self._model.predict(table)
        except Exception as error:  # each estimator has its own
            raise CannotTake(first_line(error)) from None
        values = np.asarray(found, np.float64)
        if not plan.labels and values.ndim > 1:
            if values.shape[1:] != (1,):
                raise ModelRefused("it predicts more than one target", hint="save a model for each")
            values = values[:, 0]
        return values

    def _table(self, rows: Rows, plan: Plan) -> Any:
        """Return the rows as whoever fitted it had them: a data frame where it knows its columns' names."""
        columns: dict[str, npt.NDArray[Any]] = {}
        for name, source in zip(self._names, plan.sources, strict=True):
            column = values_of(rows, source)
            if source.block == "texts":
                column = np.array([text or np.nan for text in column.tolist()], object)
            columns[name] = column
        if not self._named:
            return np.stack(list(columns.values()), axis=1)
        try:
            import pandas as pd
        except ModuleNotFoundError:
            raise MissingExtra(
                "the model was fitted on a data frame, and scoring it needs pandas", hint="pip install pandas"
            ) from None
        return pd.DataFrame(columns)

    def _types(self, plan: Plan) -> list[tuple[str, Any]]:
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

        number = DoubleTensorType if DOUBLES[plan.variant] else FloatTensorType
        blocks = {source.block for source in plan.sources}
        if not chooses_columns(self._model) and len(blocks) == 1:
            kind = number if blocks == {"numbers"} else StringTensorType
            return [("X", kind([None, len(self._names)]))]
        return [
            (name, number([None, 1]) if source.block == "numbers" else StringTensorType([None, 1]))
            for name, source in zip(self._names, plan.sources, strict=True)
        ]

    def _labels(self) -> tuple[Label, ...]:
        if is_regressor(self._model):
            return ()
        classes = np.asarray(self._model.classes_)
        if classes.ndim != 1:
            raise ModelRefused("it predicts more than one target", hint="save a model for each")
        return tuple(classes.tolist())
