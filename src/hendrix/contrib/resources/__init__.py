"""Resources that are ready to be named in ``HENDRIX_CHILD_RESOURCES``."""
