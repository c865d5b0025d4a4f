"""HPACK (RFC 7541): the fields of a message as few bytes, and back."""
