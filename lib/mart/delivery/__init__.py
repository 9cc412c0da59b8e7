"""How a table follows its upstream: positions, frontiers, catch-up. Everything that streams shares it.

landing follows the source's offsets, events follows landing, speed follows events, serving follows speed and batch.
Each keeps the position it stands at in the same commit as its rows, and at start first catches up from there; so
Spark's checkpoint is a convenience, not the truth.
"""
