"""The HTTP cache: what may be kept (RFC 9111), what is kept, and how it is thrown away."""
