"""The Open Inference Protocol over gRPC. grpcio is imported where a worker listens: it survives no fork."""

from scoreline.web.grpc.address import Address, hold_address, need_grpc
from scoreline.web.grpc.open import open_grpc

__all__ = ["Address", "hold_address", "need_grpc", "open_grpc"]
