"""What callers send, as the Python peers check it."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, create_model


def record_model(inputs: dict[str, bool]) -> type[BaseModel]:
    """One raw record: its fields may be missing, and others beside them are none of the model's business."""
    fields: dict[str, Any] = {
        f"field_{place}": (str | None if is_text else float | None, Field(default=None, alias=name))
        for place, (name, is_text) in enumerate(inputs.items())
    }
    return create_model("Record", **fields)


def sample() -> list[dict[str, Any]]:
    """The records of the file `BENCH_BODIES`, one a line."""
    lines = Path(os.environ["BENCH_BODIES"]).read_text().splitlines()
    return [json.loads(line) for line in lines]
