"""Fonts, colours and saving of figures; the folder in which a job collects items of the report."""

import json
import os
import re
import shutil
import textwrap
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from ..correlate.averages import Cells
from .page import render
from .table import Page, to_csv, to_latex

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONT = Path(__file__).parent / "fonts" / "MothertongueSans-Regular.otf"
# Okabe and Ito's palette, told apart also without colour vision; marks differ in shape as well.
NATIVE = "#0072B2"
TRANSLATED = ("#E69F00", "#D55E00", "#CC79A7", "#F0E442")
ROUND_TRIP = ("#009E73", "#56B4E9")
BASE = "#7A7A7A"
CONTROL = "#1D2733"  # lines have no marker, so that it is no shade of native data's
MARKERS = {"native": "o", "translated": "sDv^", "roundtrip": "PX", "control": "*", "base": "_"}
FAMILY_COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7A7A7A", "#882255", "#5B4A00",
    "#1D2733",
)  # fmt: skip


class Item(TypedDict):
    """How the report lists a file; an entry of index.json."""

    category: str
    subcategory: str
    labels: dict[str, str]
    caption: str


Index = dict[str, Item]  # by the file's name


def palette(cells: Cells) -> dict[str, tuple[str, str]]:
    """Colour and marker of every data condition, by its origin."""
    return palette_of({kind: cells.data(kind) for kind in MARKERS})


def palette_of(data: dict[str, list[str]]) -> dict[str, tuple[str, str]]:
    """Colour and marker of data conditions; `data` maps a kind to names."""
    colours = {
        "native": (NATIVE,),
        "translated": TRANSLATED,
        "roundtrip": ROUND_TRIP,
        "control": (CONTROL,),
    }
    found = {}
    for kind, shape in MARKERS.items():
        shades = colours.get(kind, (BASE,))
        for place, name in enumerate(data.get(kind, [])):
            found[name] = (shades[place % len(shades)], shape[place % len(shape)])
    return found


def family_palette(cells: Cells) -> dict[str, str]:
    """Colour of every model, one per family."""
    of_model = {model: cells.facts.family(model) for model in cells.models()}
    families = list(dict.fromkeys(of_model.values()))
    return {
        model: FAMILY_COLOURS[families.index(family) % len(FAMILY_COLOURS)]
        for model, family in of_model.items()
    }


def prepare() -> Any:
    """Set matplotlib up (once per process) and give back pyplot."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    import matplotlib
    from matplotlib import font_manager

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    families = ["DejaVu Sans"]
    if FONT.is_file():
        font_manager.fontManager.addfont(FONT)
        families.insert(0, font_manager.FontProperties(fname=FONT).get_name())
    installed = {font.name for font in font_manager.fontManager.ttflist}
    families += [name for name in ("Noto Sans CJK SC", "Noto Sans") if name in installed]
    plt.rcParams.update(
        {
            "font.family": families,
            "font.size": 8,
            "axes.titlesize": 9,
            "axes.titlelocation": "left",
            "axes.titlepad": 5,
            "axes.labelsize": 8,
            "axes.labelcolor": "#3c4856",
            "xtick.labelsize": 7.5,
            "ytick.labelsize": 7.5,
            "xtick.color": "#3c4856",
            "ytick.color": "#3c4856",
            "axes.edgecolor": "#9aa7b4",
            "axes.linewidth": 0.7,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#e6ebf0",
            "grid.linewidth": 0.6,
            "axes.unicode_minus": True,
            "figure.dpi": 100,
            "savefig.dpi": 200,
            "svg.fonttype": "path",
            "svg.hashsalt": "mothertongue",
            "legend.frameon": False,
            "legend.fontsize": 8,
        }
    )
    return plt


def key_above(
    figure: "Figure", handles: list[Any], words: list[str], most: int = 6, **style: Any
) -> Any:
    """Put a key above the panels, in as many columns (at most `most`) as the figure is wide."""
    look: dict[str, Any] = {
        "loc": "outside upper center",
        "handletextpad": 0.4,
        "columnspacing": 1.2,
    } | style
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    for columns in range(min(most, len(words)), 0, -1):
        legend = figure.legend(handles, words, ncols=columns, **look)
        wide = legend.get_window_extent(renderer).width
        if columns == 1 or wide <= 0.98 * figure.bbox.width:
            return legend
        legend.remove()
    return None


def keep_ticks_in_percent(axes: "Axes") -> None:
    """Leave out ticks of the x axis where no share of 100 can be."""
    low, high = axes.get_xlim()
    axes.set_xticks([tick for tick in axes.get_xticks() if max(low, 0) <= tick <= min(high, 100)])
    axes.set_xlim(low, high)


def wrapped(title: str, width: int) -> str:
    """A panel's title in lines of at most `width` characters, first broken at its middle dot."""
    parts = title.split(" · ") if len(title) > width else [title]
    return "\n".join(textwrap.fill(part, width) for part in parts)


def missing_glyphs(caught: list[warnings.WarningMessage]) -> list[str]:
    """Messages about characters that no font holds."""
    return sorted({str(w.message) for w in caught if "missing from" in str(w.message)})


def enlarge(path: Path, factor: float = 2.0) -> None:
    """Show an SVG larger on a screen (it is drawn at the width of one column of a paper)."""
    text = path.read_text(encoding="utf-8")
    head = re.compile(r'(<svg[^>]*?)width="([\d.]+)pt" height="([\d.]+)pt"', re.DOTALL)
    wide = head.sub(
        lambda m: f'{m[1]}width="{factor * float(m[2]):g}pt" height="{factor * float(m[3]):g}pt"',
        text,
        count=1,
    )
    path.write_text(wide, encoding="utf-8")


def without_broken_switches(index: Index) -> Index:
    """Labels that Snakemake's report can list.

    It shows a label with two values, half of a sub-category each, as a switch, and fails where an
    item lacks its counterpart under the other value; such a label is joined to the first one.
    """
    topics: dict[tuple[str, str], list[dict[str, str]]] = {}
    for entry in index.values():
        topics.setdefault((entry["category"], entry["subcategory"]), []).append(entry["labels"])
    for own in topics.values():
        first, *others = dict.fromkeys(name for labels in own for name in labels)
        for name in others:
            values = [labels[name] for labels in own if name in labels]
            switch = len(set(values)) == 2 and all(
                2 * values.count(value) == len(own) for value in set(values)
            )
            rest = {tuple(v for k, v in sorted(labels.items()) if k != name) for labels in own}
            if switch and 2 * len(rest) != len(own):
                for labels in own:
                    labels[first] = ", ".join(filter(None, (labels.get(first), labels.pop(name))))
    return index


class ItemFolder:
    """Collects items of the report with labels and captions; appears whole or not at all."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.temporary = folder.with_name(f".{folder.name}.tmp")
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(parents=True)
        self.index: Index = {}
        self.complaints: list[str] = []

    def write(self, name: str, text: str) -> None:
        """Write a text file."""
        path = self.temporary / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def enter(
        self, name: str, category: tuple[str, str], labels: dict[str, str], caption: str
    ) -> None:
        """Have the report show a file; `category`: category and sub-category."""
        main, topic = category
        self.index[name] = {
            "category": main,
            "subcategory": topic,
            "labels": labels,
            "caption": caption,
        }

    def add(
        self,
        name: str,
        figure: "Figure",
        *,
        category: tuple[str, str],
        labels: dict[str, str],
        caption: str,
        page: str | None = None,
    ) -> None:
        """Save a figure as SVG and PNG, with an interactive page if there is one."""
        import matplotlib.pyplot as plt

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for kind in ("svg", "png"):
                metadata = {"Date": None} if kind == "svg" else {"Software": None}
                figure.savefig(self.temporary / f"{name}.{kind}", metadata=metadata)
        self.complaints += missing_glyphs(caught)
        plt.close(figure)
        enlarge(self.temporary / f"{name}.svg")
        self.enter(f"{name}.svg", category, {**labels, "form": "figure"}, caption)
        if page is not None:
            self.write(f"{name}.html", page)
            self.enter(f"{name}.html", category, {**labels, "form": "interactive"}, caption)

    def add_page(self, page: Page) -> None:
        """Save a page of tables as HTML, LaTeX and one CSV per table."""
        stem = f"{page.group}/{page.name}" if page.group else page.name
        self.write(f"{stem}.html", render(page))
        self.write(f"{stem}.tex", "\n".join(to_latex(table) for table in page.tables))
        for table in page.tables:
            name = f"{stem}.{table.name}.csv" if len(page.tables) > 1 else f"{stem}.csv"
            self.write(name, to_csv(table))
        labels = {**page.labels, "form": "table"}
        self.enter(f"{stem}.html", (page.category, page.subcategory), labels, page.caption)

    def finish(self) -> None:
        """Put the folder in its place."""
        for line in self.complaints:
            print("missing glyph:", line)
        without_broken_switches(self.index)
        self.write("index.json", json.dumps(self.index, ensure_ascii=False, indent=1))
        shutil.rmtree(self.folder, ignore_errors=True)
        self.temporary.rename(self.folder)
        print(f"{len(self.index)} items: {', '.join(self.index)}")
