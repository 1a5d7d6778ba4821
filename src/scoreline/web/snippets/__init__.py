"""Code that scores a real row of a deployment, as it can be pasted: each language × each dialect."""

from scoreline.web.snippets.asking import DEFAULT_DIALECT, snippet, snippets
from scoreline.web.snippets.languages import LANGUAGES

__all__ = ["DEFAULT_DIALECT", "LANGUAGES", "snippet", "snippets"]
