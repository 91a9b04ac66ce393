"""What a bench line says: figures with their goals, as one table and as JSON."""

import dataclasses
import math
import statistics

SHOWN = 5  # so many samples are written out; of more, the least and the most


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
    samples: list = dataclasses.field(default_factory=list)  # the same figure of each pair, window or run, in order
    singles: list = dataclasses.field(default_factory=list)  # what a percentile is one of
    note: str = ""
    tried: str = ""             # shown when the goal is missed
    noisy: bool = False         # somebody else used the machine: neither met nor missed

    def meets(self, bound, value=None):
        compare, limit = bound
        value = self.value if value is None else value
        return value <= limit if compare == "<=" else value >= limit

    @property
    def is_missed(self):
        return self.goal is not None and not self.meets(self.goal)

    @property
    def verdict(self):
        if self.goal is None:
            return ""
        word = "stretch" if self.stretch is not None and self.meets(self.stretch) else "MISSED" if self.is_missed else "met"
        bounds = [self.goal, self.stretch] if word == "stretch" else [self.goal]
        undecided = any(len({self.meets(bound, sample) for sample in self.samples}) > 1 for bound in bounds)
        return word + (", others were at work" if self.noisy else ", within noise" if undecided else "")

    @property
    def remark(self):
        return "; ".join(text for text in (self.note, "tried: " + self.tried if self.is_missed and self.tried else "") if text)


@dataclasses.dataclass
class Line:
    """One line of the table: a measurement that runs alone within five minutes."""

    name: str
    load: str
    run: object  # a function of nothing that returns a list of Figures
    about: str
    pinned: bool  # what is measured on one processor, all else on the other


LINES = {}


def line(name, load, pinned=True):
    """Registers a function as the bench line `name`; its doc string says what it measures."""
    def register(function):
        LINES[name] = Line(name, load, function, (function.__doc__ or "").strip(), pinned)
        return function
    return register


def in_turn(number, ours, theirs):
    """What both sides of a pair did, ours first; in every other pair theirs begins."""
    if number % 2 == 0:
        return ours(), theirs()
    peer = theirs()
    return ours(), peer


def median(values):
    return statistics.median(values)


def percentile(values, percent):
    """The smallest value that `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]


def ratio(name, pairs, goal=None, stretch=None, **more):
    """The median of ours / theirs over (ours, theirs) measured in turn; a note may say the unit of the two."""
    ratios = [ours / peer for ours, peer in pairs]
    return Figure(name, median(ratios), "ratio", goal, stretch, median([p[0] for p in pairs]),
                  median([p[1] for p in pairs]), ratios, **more)


def slope(points):
    """The exponent b of cost = a * size^b over (size, cost): 1 grows as the work does."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / sum((x - mean_x) ** 2 for x in xs)


def growth(name, points, unit):
    """What one more costs from 1x to 3x and from 3x to 10x over (size, cost in `unit`), and the slope of the whole cost."""
    each = ", ".join(f"{size}: {shown(cost / size)} {unit} each" for size, cost in points)
    for steps, (before, after) in zip(("1x to 3x", "3x to 10x"), zip(points, points[1:])):
        yield Figure(f"{name}, one more from {steps}", (after[1] - before[1]) / (after[0] - before[0]), unit)
    if all(cost > 0 for _, cost in points):
        yield Figure(f"{name}, slope", slope(points), "", note=each)


def shown(value):
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def bound_text(bound):
    return "" if bound is None else f"{bound[0]} {bound[1]:g}"


def spread_text(figure):
    """Each of a few samples, the ends of many."""
    values = figure.samples or figure.singles
    if len(values) < 2:
        return ""
    if figure.samples and len(values) <= SHOWN:
        return " ".join(shown(value) for value in values)
    return f"{shown(min(values))} .. {shown(max(values))}"


def table(results):
    """`results`: {line name: [Figure]}, as text of equal columns."""
    rows = [("bench", "figure", "value", "goal", "stretch", "", "ringdown", "peer", "samples", "")]
    for name, figures in results.items():
        for at, each in enumerate(figures):
            unit = "" if each.unit == "ratio" else " " + each.unit
            rows.append(("" if at else name, each.name, shown(each.value) + unit, bound_text(each.goal), bound_text(each.stretch),
                         each.verdict, shown(each.ours), shown(each.peer), spread_text(each), each.remark))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def as_plain(figures):
    return [{**dataclasses.asdict(each), "verdict": each.verdict} for each in figures]
