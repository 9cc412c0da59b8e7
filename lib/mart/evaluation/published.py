"""What others published under a protocol, to stand beside what we measure. Nothing here was measured by us.

MovieLens-100k: microsoft/recommenders, README.md and examples/06_benchmarks/movielens.ipynb at b02c95e (2025-09-29).
"""

from mart.evaluation.protocols import MOVIELENS

_MOVIELENS = (
    # model, map, ndcg, precision, recall; all @10
    ("ALS (explicit)", 0.004732, 0.044239, 0.048462, 0.017796),
    ("SVD", 0.012873, 0.095930, 0.091198, 0.032783),
    ("SAR", 0.110591, 0.382461, 0.330753, 0.176385),
    ("NCF", 0.107720, 0.396118, 0.347296, 0.180775),
    ("LightGCN", 0.088526, 0.419846, 0.379626, 0.144336),
    ("BPR", 0.132478, 0.441997, 0.388229, 0.212522),
    ("BiVAE", 0.146126, 0.475077, 0.411771, 0.219145),
)

ROWS: dict[str, list[dict[str, object]]] = {
    MOVIELENS: [
        {"model": model, "ndcg@10": ndcg, "map@10": map_, "recall@10": recall, "precision@10": precision}
        for model, map_, ndcg, precision, recall in _MOVIELENS
    ]
}
