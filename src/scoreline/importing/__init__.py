"""Models made elsewhere become scoring pipelines, proved against the original."""
