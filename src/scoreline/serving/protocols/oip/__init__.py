"""The Open Inference Protocol, version 2: tensors in, tensors out.

Source: github.com/kserve/open-inference-protocol.
"""

from scoreline.serving.protocols.oip.rest import OpenInference

__all__ = ["OpenInference"]
