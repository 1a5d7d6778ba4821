"""The portable part: rows in, predictions out, out of one file. Needs numpy, onnxruntime and msgspec, nothing else.

Reading order: ``rows`` (what travels), ``values`` (what a value may be), ``decode`` (a request to rows; ``layout`` for
its order of fields, ``frames`` and ``columns`` for data frames), ``graph`` (rows to numbers; ``onnx_check`` first),
``predictions``, ``pipeline`` (all of it, ``load``), ``archive`` (the file; ``container`` its zip, ``sample`` its test).
"""
