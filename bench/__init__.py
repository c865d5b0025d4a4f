"""The benchmark: Hendrix and its peers side by side, measured as CPU per request in interleaved rounds."""
