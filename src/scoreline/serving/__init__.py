"""A deployment answers: active scoring pipelines, the one way from bytes to bytes, and the dialects."""
