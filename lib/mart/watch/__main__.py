"""Write what is made from the declarations: `python -m mart.watch`, or `make watch-pages`."""

import json
from collections.abc import Callable
from pathlib import Path

import yaml

from mart.watch import cloudwatch, grafana, page

ROOT = Path(__file__).parents[3]

PAGES: dict[str, Callable[[], str]] = {
    "docs/metrics.md": page.markdown,
    "docs/dashboards/grafana.json": lambda: json.dumps(grafana.dashboard(), indent=1) + "\n",
    "aws/watch-alarms.yaml": lambda: yaml.safe_dump(cloudwatch.template(), sort_keys=False, width=120),
}

if __name__ == "__main__":
    for name, text in PAGES.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text(), encoding="utf-8")
        print(name)
