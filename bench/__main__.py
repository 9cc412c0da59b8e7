"""`python -m bench [NAME …]`: measure, write bench/results/*.json and docs/benchmarks.md."""

import sys

from bench import batch, crawl, extract, foldin, freshness, ingest, measure, page, refine, serve, staging, topn

BENCHMARKS = {
    "ingest": ingest.run,
    "freshness": freshness.run,
    "batch": batch.run,
    "extract": extract.run,
    "crawl": crawl.run,
    "staging": staging.run,
    "refine": refine.run,
    "foldin": foldin.run,
    "topn": topn.run,
    "serve": serve.run,
}


def main(names: list[str]) -> None:
    """Run what is named, or everything."""
    for name in names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr, flush=True)
        measure.save(name, BENCHMARKS[name]())
    page.write()


if __name__ == "__main__":
    main(sys.argv[1:])
