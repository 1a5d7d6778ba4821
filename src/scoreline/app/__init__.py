"""The one place that wires everything, and the use cases: one function for each thing a person can do.

Use cases import what they need when they are called, so that listing models does not load a training stack.
"""
