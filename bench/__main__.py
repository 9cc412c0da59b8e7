"""`python -m bench [NAME …]`: measure, write bench/results/*.json and docs/benchmarks.md."""

import importlib
import subprocess
import sys

from bench import measure, page

BENCHMARKS = (
    "ingest", "kinesis", "freshness", "batch", "extract", "crawl", "staging", "refine", "training", "foldin", "topn", "serve",
)  # fmt: skip


def main(names: list[str]) -> None:
    """Run what is named, or everything, each in a process of its own: what one has loaded burdens no other."""
    if len(names) == 1:
        print(f"{names[0]} …", file=sys.stderr, flush=True)
        try:
            measure.save(names[0], importlib.import_module(f"bench.{names[0]}").run())
        except measure.NoData as error:
            sys.exit(str(error))
        page.write()
        return
    ran = {name: subprocess.run([sys.executable, "-m", "bench", name], check=False) for name in names or BENCHMARKS}
    if missed := [name for name, done in ran.items() if done.returncode]:
        sys.exit(f"not measured: {', '.join(missed)}")


if __name__ == "__main__":
    if wrong := sorted({*sys.argv[1:]} - {*BENCHMARKS}):
        sys.exit(f"no benchmark {', '.join(wrong)}: there are {', '.join(BENCHMARKS)}")
    main(sys.argv[1:])
