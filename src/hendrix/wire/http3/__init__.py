"""HTTP/3, the server's side, without I/O (RFC 9114), on aioquic."""
