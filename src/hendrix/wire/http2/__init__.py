"""HTTP/2, the server's side, without I/O (RFC 9113)."""
