"""The messages of the services, made out of their descriptors when the listener starts."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from scoreline.web.grpc.proto import read_proto

PROTO = "open_inference.proto"
SERVICE = "inference.GRPCInferenceService"


class Messages:
    """Message types by their full names, and the pool that holds them beside those of health and reflection."""

    def __init__(self) -> None:
        self.pool = DescriptorPool()
        """Not protobuf's default one, which holds each name once, whoever loaded it."""
        text = files("scoreline.web.grpc").joinpath(PROTO).read_text(encoding="utf-8")
        for described in (health_pb2.DESCRIPTOR, reflection_pb2.DESCRIPTOR):
            self.pool.AddSerializedFile(described.serialized_pb)
        self.pool.AddSerializedFile(read_proto(text, PROTO).SerializeToString())
        self.methods: dict[str, Method] = {
            method.name: Method(GetMessageClass(method.input_type), GetMessageClass(method.output_type))
            for method in self.pool.FindServiceByName(SERVICE).methods
        }


class Method:
    """The two messages of a method, as protobuf's own classes."""

    def __init__(self, request: Any, response: Any) -> None:
        self.request = request
        self.response = response
