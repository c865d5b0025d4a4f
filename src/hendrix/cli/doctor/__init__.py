"""What ``hx check`` finds: facts are gathered by probes, in the project's process and in ours, and judged without I/O.

| file | what it knows |
|---|---|
| ``finding`` | one finding, and the levels |
| ``facts`` | what probes can tell |
| ``outcome`` | a probe run within its time; one that fails is told, too |
| ``inside``, ``collected``, ``machine`` | the probes: of the project, of its static files, of this machine |
| ``settings``, ``deployment``, ``database``, ``files``, ``proxies``, | |
| ``memory``, ``loaded``, ``process``, ``certificates`` | facts in, findings out |
| ``examination`` | all of them |
| ``cure`` | what ``--fix`` does |
"""
