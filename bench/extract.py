"""Reading pages: ours beside bare extruct with all its syntaxes, on the same pages, in one process.

The labelled pages of the benchmark where they lie beside the project, else the project's own test pages.
"""

import json
from pathlib import Path

from scrapers import evaluate

OWN = Path(__file__).parents[1] / "tests" / "scrapers" / "pages"


def run() -> dict[str, object]:
    """Time both."""
    truth = evaluate.FOLDER / "ground-truth.json"
    if truth.exists():
        labelled = json.loads(truth.read_text())
        pages = [
            (said["url"], (evaluate.FOLDER / "html" / f"{key}.html.gz").read_bytes()) for key, said in labelled.items()
        ]
    else:
        folders = [folder for folder in sorted(OWN.iterdir()) if (folder / "url.txt").exists()]
        pages = [((one / "url.txt").read_text().strip(), (one / "page.html").read_bytes()) for one in folders]
    rates = evaluate.speed(pages)
    return {"pages": len(pages), "pages per second": rates, "ratio to bare extruct": rates["ours"] / rates["extruct"]}
