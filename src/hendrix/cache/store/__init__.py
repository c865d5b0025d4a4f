"""Where kept answers are: in a worker's memory, shared by the workers of a machine, or by several machines."""
