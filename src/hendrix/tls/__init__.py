"""Certificates: TLS contexts, and certificates that come by themselves."""
