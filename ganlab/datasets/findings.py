"""What a check of a dataset found."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Findings:
    """Facts by name, and the faults that keep a training from starting."""

    facts: dict[str, str]
    faults: list[str] = field(default_factory=list)

    def __add__(self, other: "Findings") -> "Findings":
        return Findings(self.facts | other.facts, self.faults + other.faults)
