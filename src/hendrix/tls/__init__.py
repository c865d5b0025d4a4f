"""TLS: certificates and their checks, contexts, session tickets; and certificates that come by themselves."""
