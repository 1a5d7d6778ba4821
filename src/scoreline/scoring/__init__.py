"""The portable part: rows in, predictions out, out of one file. Needs numpy, onnxruntime and msgspec, nothing else.

Reading order: ``rows`` (what travels), ``values`` (what each value may be), ``decode`` (a request to rows), ``frames``,
``graph`` (rows to numbers), ``predictions``, ``pipeline`` (all of it, and ``load``), ``archive`` (the file).
"""
