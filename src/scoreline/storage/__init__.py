"""Where state lives: metadata in SQLite or PostgreSQL, artifacts in a folder."""
