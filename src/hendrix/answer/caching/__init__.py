"""The HTTP cache as a layer: what is kept is served on the loop, what is not is made once for all who wait for it."""
