"""The dialects: translations between a wire format and the data plane, and nothing else."""

from scoreline.core.extensions import Extensions
from scoreline.serving.protocols.azure import Azure
from scoreline.serving.protocols.dialect import Dialect
from scoreline.serving.protocols.h2o import H2O, H2OLambda
from scoreline.serving.protocols.ibm import IBM, IBMSpark
from scoreline.serving.protocols.kserve import KServe, Vertex
from scoreline.serving.protocols.mlflow import MLflow
from scoreline.serving.protocols.native import Native
from scoreline.serving.protocols.oip import OpenInference
from scoreline.serving.protocols.rpc import RPC
from scoreline.serving.protocols.sagemaker import SageMaker
from scoreline.serving.protocols.udacity import Udacity

DIALECTS: Extensions[Dialect] = Extensions(
    "dialect",
    [
        Native(),
        H2O(),
        H2OLambda(),
        RPC(),
        IBM(),
        IBMSpark(),
        Azure(),
        MLflow(),
        OpenInference(),
        KServe(),
        Vertex(),
        SageMaker(),
        Udacity(),
    ],
)
