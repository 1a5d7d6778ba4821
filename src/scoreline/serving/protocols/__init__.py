"""The dialects: translations between a wire format and the data plane, and nothing else."""

from scoreline.core.extensions import Extensions
from scoreline.serving.protocols.dialect import Dialect
from scoreline.serving.protocols.h2o import H2O
from scoreline.serving.protocols.native import Native

DIALECTS: Extensions[Dialect] = Extensions("dialect", [Native(), H2O()])
