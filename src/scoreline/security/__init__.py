"""Who asks, and what they may do: keys, passwords, tokens, roles, spaces, audit."""
