"""Data sets of those who call a deployment: where their files are, what the columns hold, how well rows score."""

from scoreline.app.data_sets.folder import NO_FOLDER, DataFolder

__all__ = ["NO_FOLDER", "DataFolder"]
