"""What ``hx check`` finds wrong with a project that is to be served: looks (with Django), and judgements (pure)."""
