"""Use cases of dialects that keep more than the registry does: models before their content, names as written, jobs."""
