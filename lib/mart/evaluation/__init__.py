"""How good are the recommendations? Protocols, peers, metrics, and the search for a better model.

In: ratings or shoppers' acts, from foreign files or from the lake. Out: a report, a row for each recommender.
"""
