"""Write small files whole or not at all."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write(file: Path, text: str, mode: int = 0o644) -> None:
    """Put a text into a file; a reader sees the old text or the new one, never a part."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        os.fchmod(handle, mode)
        out.write(text)
    Path(draft).replace(file)


def toml(sections: dict[str, dict[str, Any]]) -> str:
    """Spell sections of texts and numbers as TOML, which shares JSON's way of quoting."""
    lines = (
        [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""]
        for name, values in sections.items()
    )
    return "\n".join(line for section in lines for line in section)
