"""What things are: schema, entities, errors, extension lists. Standard library and msgspec, no I/O."""
