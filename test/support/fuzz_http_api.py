"""What the fuzzer has to be told: JSON Lines, which its document describes as text, is sent as it is."""

import schemathesis


@schemathesis.serializer("application/jsonlines")
def as_text(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
