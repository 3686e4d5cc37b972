"""Write a first study for your own file of instruction data, and say what it would cost.

    python -m mothertongue.new my.csv --language sw --model HuggingFaceTB/SmolLM2-135M

Looks at the file, guesses its shape, picks the benchmarks that exist in the language, and writes a
commented study: native rows against one translator. Runs nothing and asks no service; Snakemake runs
the study. Exit status 2: a file, language or model that cannot be used, said in one line.
"""

import argparse
import difflib
import shlex
import sys
from pathlib import Path

import yaml

from ..errors import InputError
from ..files import atomic, load_yaml
from ..study import Study, read_study
from .base import look_at_model
from .benchmarks import benchmarks_in
from .compose import TRANSLATORS, Wanted, compose
from .cost import cost_of
from .look import ENGLISH, Looked, look

ROOT = Path(__file__).resolve().parents[3]
CLEAR = 0.8  # share of rows in the language below which a warning is due


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line, or these words of one."""
    parser = argparse.ArgumentParser(
        prog="python -m mothertongue.new",
        description="Write a first study for your own file of instruction data.",
    )
    parser.add_argument("file", help="rows written by native speakers, in any usual shape")
    parser.add_argument("--language", required=True, help="their language, as a code such as sw")
    parser.add_argument("--model", required=True,
        help="base model: a hub id, a folder, a GGUF file, or package:NAME of one that holds it",
    )  # fmt: skip
    parser.add_argument(
        "--english", help="English rows to translate (default: Aya's, from the hub)"
    )
    parser.add_argument("--translator", default="google", choices=sorted(TRANSLATORS))
    parser.add_argument("--out", default="study.yaml", help="file to write (default: study.yaml)")
    parser.add_argument(
        "--columns", nargs="+", default=[], metavar="FIELD=NAME",
        help="columns of the file where its shape cannot be told: instruction=q output=a",
    )  # fmt: skip
    parser.add_argument("--parameters", type=float, help="number of weights, if no name tells it")
    return parser.parse_args(words)


def known_language(code: str) -> str:
    """The English name of a language that a study may have; any other is an error."""
    known = load_yaml(ROOT / "resources" / "languages.yaml")
    if code == ENGLISH:
        raise InputError("--language en: English is what is translated; name your rows' language")
    if code not in known:
        names = {entry["name"].lower(): other for other, entry in known.items()}
        near = difflib.get_close_matches(code.lower(), [*names, *known], n=1, cutoff=0.6)
        hint = f"; did you mean '{names.get(near[0], near[0])}'?" if near else ""
        raise InputError(
            f"--language {code}: not a code in resources/languages.yaml{hint} (for another language,"
            " write the study by hand: docs/own-study.md)"
        )
    return str(known[code]["name"])


def given_columns(words: list[str]) -> dict[str, str]:
    """`instruction=q` as a mapping."""
    pairs = [word.partition("=") for word in words]
    if wrong := [
        word for word, (_, sign, name) in zip(words, pairs, strict=True) if not (sign and name)
    ]:
        raise InputError(f"--columns {wrong[0]}: give FIELD=NAME, as instruction=q output=a")
    return {field: name for field, _, name in pairs}


def remarks(native: Looked, language: str, name: str) -> list[str]:
    """What was found in the file, and what looks wrong."""
    found = [*native.said, f"{native.path}: {native.lengths}"]
    share = native.share_in(language)
    if share is None:
        found.append(f"{native.path}: its language could not be identified")
    else:
        others = [
            f"{count} in '{code}'" for code, count in native.likely.items() if code != language
        ]
        told = (
            f"{native.path}: {100 * share:.0f} % of the rows whose language can be told are {name}"
        )
        found.append(told + (f" ({', '.join(others[:3])})" if others else ""))
        if share < CLEAR:
            found.append(f"warning: is --language {language} right?")
    if len(native.codes) == 1 and language not in native.codes:
        (value,) = native.codes.values()
        found.append(f"warning: its language column says '{value}', not {name}")
    return found


def command_for(out: Path, cores: str = "all", target: str = "") -> str:
    """The command that makes a target of the study, or all of it, from this folder."""
    here = Path.cwd().resolve() == ROOT
    snakefile = "" if here else f" -s {shlex.quote(str(ROOT / 'Snakefile'))}"
    wanted = f" {target}" if target else ""
    return f"snakemake{snakefile} --cores {cores}{wanted} --configfile {shlex.quote(str(out))}"


def write_study(args: argparse.Namespace) -> list[str]:
    """Write the study; returns what is to be said."""
    out, language = Path(args.out), args.language
    if not (ROOT / "Snakefile").is_file():
        raise InputError(f"{ROOT}: holds no Snakefile; install from a clone: pip install -e .")
    if out.exists():
        raise InputError(f"{out}: is there already; remove it, or name another file with --out")
    if not out.parent.is_dir():
        raise InputError(f"{out}: there is no folder {out.parent}")
    name = known_language(language)
    base = look_at_model(args.model, args.parameters)
    native = look(args.file, language, given_columns(args.columns), f"languages.{language}.native")
    english = look(args.english, ENGLISH, {}, "sample.english") if args.english else None
    if english is None and len(native.codes) > 1 and ENGLISH not in native.codes:
        raise InputError(
            f"{native.path}: holds several languages but no English rows; give --english"
        )
    found = tuple(benchmarks_in(language))
    wanted = Wanted(language, name, native, english, base, args.translator, found)
    command = command_for(out)
    lister = f"{command_for(out, '1', 'benchmarks')} --config language={language}"
    text = compose(wanted, command, lister)
    study: Study = read_study(yaml.safe_load(text), ROOT)
    cost = cost_of(study, language, native, english)
    with atomic(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    source = english.path if english else "Aya's, from the hub"
    tests = ", ".join(["held-out native rows", *(one.label for one in found)])
    kind = "an instruct model, asked through its chat template" if base.chat else "a base model"
    return [
        *remarks(native, language, name),
        *(english.said if english else ()),
        f"model: {base.label}, {base.parameters / 1e6:,.0f} million weights by {base.told_by}; {kind}",
        f"English rows to translate: {source}; translator: {args.translator}"
        f" ({TRANSLATORS[args.translator][1]})",
        f"benchmarks: {tests}",
        f"public benchmarks of {name} that the study does not use: {lister}",
        f"cost: {cost}; a closer count: {command_for(out, '1', 'estimate')}",
        f"wrote {out}; run: {command}",
    ]


def main(words: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    try:
        print("\n".join(write_study(arguments(words))))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
