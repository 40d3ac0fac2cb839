"""How the figures grow with the number of units: one small chart for each row, as SVG."""

from collections import defaultdict
from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

from tests.bench.figures import Figure

WIDTH, HEIGHT, COLUMNS = 320, 230, 3
LEFT, RIGHT, TOP, BOTTOM = 54, 18, 46, 44
LEGEND = 34
# Seen on white and on black: an SVG in a README is shown on either.
STYLE = """
  text { fill: #24292f; font: 11px system-ui, sans-serif }
  .title { font-weight: 600; font-size: 12px }
  .quiet { fill: #57606a }
  .paper { fill: #ffffff }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .ours { stroke: #0969da; fill: none; stroke-width: 2 }
  .floor { stroke: #bc4c00; fill: none; stroke-width: 2; stroke-dasharray: 5 4 }
  .dot { fill: #0969da }
  .floordot { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .quiet { fill: #9198a1 }
    .paper { fill: #0d1117 }
    .grid { stroke: #30363d }
    .ours { stroke: #58a6ff }
    .dot { fill: #58a6ff }
    .floor { stroke: #f0883e }
    .floordot { fill: #f0883e }
  }
"""


def picture(figures: Sequence[Figure]) -> str:
    """Draw one chart for each row, with a legend above; both axes are logarithmic.

    A row of nothing but zeros (no wake-ups) is left to the table.
    """
    rows: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        rows[figure.row].append(figure)
    charts = [
        chart(row, sorted(found, key=lambda f: f.units))
        for row, found in rows.items()
        if any(figure.median > 0 for figure in found)
    ]
    width = WIDTH * min(COLUMNS, max(2, len(charts)))
    height = LEGEND + HEIGHT * ceil(len(charts) / COLUMNS)
    placed = [
        f'<g transform="translate({index % COLUMNS * WIDTH},'
        f'{LEGEND + index // COLUMNS * HEIGHT})">{one}</g>'
        for index, one in enumerate(charts)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">'
        "<title>How unitward's figures grow with the number of units</title>"
        f'<style>{STYLE}</style><rect class="paper" width="100%" height="100%"/>'
        f"{_legend()}{''.join(placed)}</svg>\n"
    )


def chart(row: str, figures: Sequence[Figure]) -> str:
    """Draw one row: unitward's medians, and those of the floor where there is one.

    A single median of 0 has no place on a logarithmic axis: it is drawn at the bottom.
    """
    lines = {"ours": [(f.units, f.median) for f in figures]}
    if all(f.floor for f in figures):
        lines["floor"] = [(f.units, f.floor_median or 0.0) for f in figures]
    values = [value for points in lines.values() for _, value in points if value > 0]
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    high = max(high, low + 1)
    sizes = [f.units for f in figures]

    def x(units: float) -> float:
        span = log10(sizes[-1]) - log10(sizes[0]) or 1
        return LEFT + (WIDTH - LEFT - RIGHT) * (log10(units) - log10(sizes[0])) / span

    def y(value: float) -> float:
        share = (max(log10(value), low) - low) / (high - low) if value > 0 else 0.0
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    middle = (LEFT + WIDTH - RIGHT) / 2
    unit = figures[0].unit.removeprefix("/")
    axis = f"{unit} (median)" if unit == figures[0].unit else f"per {unit} (median)"
    parts = [
        f'<text class="title" x="{LEFT}" y="18">{escape(row)}</text>',
        f'<text class="quiet" x="{LEFT}" y="34">{escape(axis)}</text>',
        f'<text class="quiet" x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">units</text>',
    ]
    for exponent in range(low, high + 1):
        at = y(10.0**exponent)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text x="{LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{10.0**exponent:g}</text>'
        )
    parts.extend(
        f'<line class="grid" x1="{x(size):.1f}" x2="{x(size):.1f}" y1="{TOP}" '
        f'y2="{HEIGHT - BOTTOM}"/><text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 16}" '
        f'text-anchor="middle">{size}</text>'
        for size in sizes
    )
    # The floor first, so that unitward's line is on top where the two are one.
    parts.extend(
        _line(name, [(x(units), y(value)) for units, value in lines[name]])
        for name in reversed(lines)
    )
    return "".join(parts)


def _line(name: str, points: Sequence[tuple[float, float]]) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dot = "dot" if name == "ours" else "floordot"
    dots = "".join(f'<circle class="{dot}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points)
    return f'<polyline class="{name}" points="{path}"/>{dots}'


def _legend() -> str:
    return (
        f'<line class="ours" x1="{LEFT}" x2="{LEFT + 28}" y1="20" y2="20"/>'
        f'<circle class="dot" cx="{LEFT + 14}" cy="20" r="3"/>'
        f'<text x="{LEFT + 36}" y="24">unitward</text>'
        f'<line class="floor" x1="{LEFT + 116}" x2="{LEFT + 144}" y1="20" y2="20"/>'
        f'<circle class="floordot" cx="{LEFT + 130}" cy="20" r="3"/>'
        f'<text x="{LEFT + 152}" y="24">the floor: the same work by bare calls</text>'
    )
