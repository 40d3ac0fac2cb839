"""Figures: medians, ratios and how they are shown."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured row.

    units: how many units the account had. ours, floor: samples, in `unit`; floor is empty where
    the target is an absolute one. target: what was promised, in words. limit: the same as a
    number, of the ratio when there is a floor, else of the median; None is "only printed".
    """

    row: str
    units: int
    unit: str
    ours: Sequence[float]
    floor: Sequence[float] = ()
    target: str = ""
    limit: float | None = None
    peers: dict[str, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The median of ours."""
        return statistics.median(self.ours)

    @property
    def floor_median(self) -> float | None:
        """The median of the floor, None without one."""
        return statistics.median(self.floor) if self.floor else None

    @property
    def ratio(self) -> float | None:
        """How many times the floor, None without one."""
        floor = self.floor_median
        return self.median / floor if floor else None

    @property
    def kept(self) -> bool | None:
        """Whether the target is kept; None where there is none to keep."""
        if self.limit is None:
            return None
        return (self.median if self.ratio is None else self.ratio) <= self.limit

    def document(self) -> dict[str, object]:
        """Return the figure as plain data."""
        return {
            **asdict(self),
            "ours": list(self.ours),
            "floor": list(self.floor),
            "median": self.median,
            "ratio": self.ratio,
            "kept": self.kept,
        }


def table(figures: Sequence[Figure]) -> str:
    """Lay the figures out as a table in Markdown, one line each."""
    lines = [
        "| row | units | unitward | floor | ratio | target | kept |",
        "|---|---:|---:|---:|---:|---|---|",
    ]
    lines.extend(_line(figure) for figure in figures)
    return "\n".join(lines)


def _line(figure: Figure) -> str:
    floor, ratio = figure.floor_median, figure.ratio
    kept = {None: "", True: "yes", False: "**no**"}[figure.kept]
    cells = [
        figure.row,
        str(figure.units),
        f"{_number(figure.median)} {figure.unit}",
        "" if floor is None else f"{_number(floor)} {figure.unit}",
        "" if ratio is None else f"{ratio:.2f}",
        figure.target,
        kept,
    ]
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
