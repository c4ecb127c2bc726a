"""The ranges of what the health monitor is set to."""

from ganlab.predicates import NOT_NEGATIVE, Predicate, optional, whole

COUNTS = ("logs", "patience", "periods", "probes", "recent", "times")
LEVELS = (
    *("accuracy", "amplitude", "correlation", "factor", "high"),
    *("kept", "low", "most", "size", "vanished"),
)

THRESHOLDS: dict[str, Predicate] = {
    "health.every": optional(whole(1)),
    "health.samples": whole(2, 2**12),
    "health.memory": whole(1),
    "health.calm": whole(1),
    **{f"health.alarms.*.{name}": whole(1) for name in COUNTS},
    **{f"health.alarms.*.{name}": NOT_NEGATIVE for name in LEVELS},
}
