"""Arrow's inter-process format as far as a table of plain columns needs it, in NumPy; safe on any bytes."""
