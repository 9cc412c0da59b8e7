"""The process behind the local Snowflake: fakesnow's server, with its databases in a folder instead of in memory.

`python -m mart.local.fakesnow_server FOLDER PORT`; fakesnow's own command line can't keep data when it serves.
"""

import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn

from mart.local import fakesnow_mended


def main(folder: Path, port: int) -> None:
    """Serve until told to stop."""
    stages = folder / "stages"
    shutil.rmtree(stages, ignore_errors=True)  # fakesnow forgets its stages with the process: so do we
    stages.mkdir(parents=True)
    tempfile.tempdir = str(stages)  # fakesnow chooses its stage folder when it is imported

    server: Any = import_module("fakesnow.server")
    fakesnow_mended.mend()
    server.shared_fs = snow = import_module("fakesnow.instance").FakeSnow(db_path=folder)
    for file in folder.glob("*.db"):
        snow.connect(file.stem)  # attaches it, so that `use database` finds it
    uvicorn.run(server.app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
