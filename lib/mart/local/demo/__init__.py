"""`mart demo`: the whole platform at work on one machine, from services to recommendations, every step measured.

In: a data set, or the generator's shop. Out: what a person wants to see of it. Nothing here is part of the engine: it calls
the jobs, the replay and the services as their commands do.
"""
