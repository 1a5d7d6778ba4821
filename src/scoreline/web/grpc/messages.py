"""The messages of the services, made out of our own text when the first caller comes."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from scoreline.web.grpc.proto import read_proto

PROTO, HEALTH_PROTO, REFLECTION_PROTO = "open_inference.proto", "health.proto", "reflection.proto"
SERVICE = "inference.GRPCInferenceService"
HEALTH = "grpc.health.v1.Health"
REFLECTIONS = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
SERVICES = (SERVICE, HEALTH, *REFLECTIONS)


class Method:
    """The two messages of a method, as protobuf's own classes."""

    def __init__(self, request: Any, response: Any) -> None:
        self.request = request
        self.response = response


class Messages:
    """The methods of all services, by their names, and the files that describe them."""

    def __init__(self) -> None:
        self.pool = DescriptorPool()
        """Not protobuf's default one, which holds each name once, whoever loaded it."""
        self.files: dict[str, bytes] = {}
        """Descriptors of files as bytes, by the files' names."""
        self._add(PROTO, _text(PROTO))
        self._add(HEALTH_PROTO, _text(HEALTH_PROTO))
        reflection = _text(REFLECTION_PROTO)
        self._add(REFLECTION_PROTO, reflection)
        self._add("reflection_v1alpha.proto", reflection.replace("grpc.reflection.v1;", "grpc.reflection.v1alpha;"))
        self.methods = self.methods_of(SERVICE)

    def methods_of(self, service: str) -> dict[str, Method]:
        """Return the methods of a service."""
        return {
            method.name: Method(GetMessageClass(method.input_type), GetMessageClass(method.output_type))
            for method in self.pool.FindServiceByName(service).methods
        }

    def _add(self, name: str, text: str) -> None:
        self.files[name] = described = read_proto(text, name).SerializeToString()
        self.pool.AddSerializedFile(described)


def _text(name: str) -> str:
    return files("scoreline.web.grpc").joinpath(name).read_text(encoding="utf-8")
