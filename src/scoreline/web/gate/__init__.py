"""The gate: who asks, and may they? It stands on every way in."""

from scoreline.web.gate.authority import Authority
from scoreline.web.gate.gate import KeyGate
from scoreline.web.gate.passes import NOBODY, Pass, Stranger
from scoreline.web.gate.seam import BY, GATE, Gate, Known, OpenGate

__all__ = ["BY", "GATE", "NOBODY", "Authority", "Gate", "KeyGate", "Known", "OpenGate", "Pass", "Stranger"]
