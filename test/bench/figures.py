"""What a bench line says: figures with their goals, as one table and as JSON."""

import dataclasses
import math
import statistics


@dataclasses.dataclass
class Figure:
    """One measured figure. `goal` and `stretch` are (comparison, bound): ("<=", 0.40)."""

    name: str
    value: float
    unit: str = ""
    goal: tuple | None = None
    stretch: tuple | None = None
    ours: float | None = None   # what the ratio was made of
    peer: float | None = None
    samples: list = dataclasses.field(default_factory=list)  # the value of each pair or run, in order
    note: str = ""

    def meets(self, bound):
        compare, limit = bound
        return self.value <= limit if compare == "<=" else self.value >= limit

    @property
    def verdict(self):
        if self.goal is None:
            return ""
        if self.stretch is not None and self.meets(self.stretch):
            return "stretch"
        return "met" if self.meets(self.goal) else "MISSED"


@dataclasses.dataclass
class Line:
    """One line of the table: a measurement that runs alone within five minutes."""

    name: str
    load: str
    run: object  # a function of a Bench that returns a list of Figures
    about: str


LINES = {}


def line(name, load):
    """Registers a function as the bench line `name`; its doc string says what it measures."""
    def register(function):
        LINES[name] = Line(name, load, function, (function.__doc__ or "").strip())
        return function
    return register


def median(values):
    return statistics.median(values)


def percentile(values, percent):
    """The smallest value that `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]


def ratio(name, pairs, goal=None, stretch=None, unit="", note=""):
    """The median of ours / theirs over (ours, theirs) measured in turn; `unit` is that of the two."""
    ratios = [ours / peer for ours, peer in pairs]
    return Figure(name, median(ratios), "ratio", goal, stretch, median([p[0] for p in pairs]),
                  median([p[1] for p in pairs]), ratios, note or unit)


def slope(points):
    """The exponent b of cost = a * size^b over (size, cost): 1 grows as the work does."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / sum((x - mean_x) ** 2 for x in xs)


def shown(value):
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def bound_text(bound):
    return "" if bound is None else f"{bound[0]} {bound[1]:g}"


def table(results):
    """`results`: {line name: [Figure]}, as text of equal columns."""
    rows = [("bench", "figure", "value", "goal", "stretch", "", "ringdown", "peer", "from .. to", "")]
    for name, figures in results.items():
        for at, each in enumerate(figures):
            spread = f"{shown(min(each.samples))} .. {shown(max(each.samples))}" if len(each.samples) > 1 else ""
            unit = "" if each.unit == "ratio" else " " + each.unit
            rows.append(("" if at else name, each.name, shown(each.value) + unit, bound_text(each.goal),
                         bound_text(each.stretch), each.verdict, shown(each.ours), shown(each.peer), spread, each.note))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def as_plain(figures):
    return [{**dataclasses.asdict(each), "verdict": each.verdict} for each in figures]
