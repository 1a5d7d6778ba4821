"""Code that scores a real row of a deployment, as it can be pasted: each language × each dialect."""

from scoreline.serving.protocols import DIALECTS
from scoreline.web.snippets.asking import snippet, snippets
from scoreline.web.snippets.languages import LANGUAGES

__all__ = ["DIALECTS", "LANGUAGES", "snippet", "snippets"]
