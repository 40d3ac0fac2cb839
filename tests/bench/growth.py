"""How the figures grow with the number of units: one small chart for each row, as SVG."""

from collections import defaultdict
from collections.abc import Sequence
from math import log10

from tests.bench.figures import Figure

WIDTH, HEIGHT, MARGIN, COLUMNS = 300, 220, 46, 3


def picture(figures: Sequence[Figure]) -> str:
    """Draw one chart for each row; both axes are logarithmic."""
    rows: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        rows[figure.row].append(figure)
    charts = [chart(row, sorted(found, key=lambda f: f.units)) for row, found in rows.items()]
    width = WIDTH * min(COLUMNS, len(charts))
    height = HEIGHT * -(-len(charts) // COLUMNS)
    placed = [
        f'<g transform="translate({index % COLUMNS * WIDTH},{index // COLUMNS * HEIGHT})">{one}</g>'
        for index, one in enumerate(charts)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(placed)}</svg>\n'
    )


def chart(row: str, figures: Sequence[Figure]) -> str:
    """Draw one row: ours as a line with dots, the floor as a dashed line."""
    lines = {"ours": [(f.units, f.median) for f in figures]}
    if all(f.floor for f in figures):
        lines["floor"] = [(f.units, f.floor_median or 0.0) for f in figures]
    values = [value for points in lines.values() for _, value in points if value > 0]
    low, high = _decade(min(values), down=True), _decade(max(values), down=False)
    sizes = [f.units for f in figures]

    def x(units: float) -> float:
        span = log10(sizes[-1]) - log10(sizes[0]) or 1
        return MARGIN + (WIDTH - 1.5 * MARGIN) * (log10(units) - log10(sizes[0])) / span

    def y(value: float) -> float:
        span = log10(high) - log10(low)
        share = (log10(max(value, low)) - log10(low)) / span
        return HEIGHT - MARGIN + 10 - (HEIGHT - 2 * MARGIN + 14) * share

    parts = [f'<text x="{MARGIN}" y="18" font-weight="bold">{row} ({figures[0].unit})</text>']
    value = low
    while value <= high * 1.01:
        parts.append(
            f'<line x1="{MARGIN}" x2="{WIDTH - 20}" y1="{y(value):.1f}" y2="{y(value):.1f}" '
            f'stroke="#ddd"/><text x="{MARGIN - 6}" y="{y(value) + 4:.1f}" '
            f'text-anchor="end">{value:g}</text>'
        )
        value *= 10
    parts.extend(
        f'<text x="{x(size):.1f}" y="{HEIGHT - 16}" text-anchor="middle">{size}</text>'
        for size in sizes
    )
    for name, points in lines.items():
        path = " ".join(f"{x(units):.1f},{y(value):.1f}" for units, value in points)
        style = 'stroke="#888" stroke-dasharray="4 3"' if name == "floor" else 'stroke="#06c"'
        parts.append(f'<polyline points="{path}" fill="none" stroke-width="1.5" {style}/>')
        if name == "ours":
            parts.extend(
                f'<circle cx="{x(units):.1f}" cy="{y(value):.1f}" r="2.5" fill="#06c"/>'
                for units, value in points
            )
    return "".join(parts)


def _decade(value: float, *, down: bool) -> float:
    exponent = log10(value)
    whole = int(exponent // 1)
    if down:
        return float(10.0**whole)
    return float(10.0 ** (whole + 1))
