"""What differs between two nested dicts, as one writes it in YAML."""

from typing import Any


def differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    """`key: old -> new` for every value that differs between two nested dicts."""
    found = []
    for key in [*old, *(key for key in new if key not in old)]:
        was, is_now = old.get(key), new.get(key)
        if isinstance(was, dict) and isinstance(is_now, dict):
            found += differences(was, is_now, f"{prefix}{key}.")
        elif was != is_now:
            found.append(f"{prefix}{key}: {shown(was)} -> {shown(is_now)}")
    return found


def shown(value: Any) -> Any:
    """A value as one writes it in YAML."""
    return {"None": "null", "True": "true", "False": "false"}.get(str(value), value)
