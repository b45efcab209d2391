"""Built indexes: build, cache, reload."""
