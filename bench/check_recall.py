# ruff: noqa: E402
"""Recall and false positives of the checks of translations, per check and language.

Run: python bench/check_recall.py ../shared/data [--rows 200] [--seed 1] [--misses 0]

Faults are planted into real rows: texts of the ten languages of the Aya release, and human parallel
text (XQuAD, MGSM: en, es, ru, zh). A fault counts as seen where its kind is among the problems or
the mended kinds. Untranslated texts are echoes of real rows, for all targets of
resources/languages.yaml and by length. False positives are counted on human parallel text in all
directions and on the recorded replies of Google Translate and Command R; of the latter those are
left out that a reader found faulty (bench/faulty_replies.txt, by hash), all others count as good.
"""

import argparse
import hashlib
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts")]

import polars as pl
import yaml
from mothertongue.api.types import Reply
from mothertongue.translate.checks import check

FLOORS = {
    "untranslated": 98,
    "nearly untranslated": 95,
    "wrong language": 90,
    "wrapped": 95,
    "reasoning": 95,
    "role-token": 95,
    "zero-width": 95,
    "mojibake": 95,
    "numbers": 95,
    "source-repeated": 95,
    "error-page": 95,
    "preamble": 85,
    "refusal": 85,
    "remark": 85,
    "cut": 60,
}
MOST_FALSE = 2.0
LENGTHS = ((3, 5), (6, 8), (9, 20), (21, 200))
AYA = {
    "eng": "en", "spa": "es", "rus": "ru", "zho": "zh", "deu": "de", "fin": "fi", "gle": "ga",
    "hin": "hi", "ben": "bn", "ind": "id",
}  # fmt: skip
# kinds by which a fault may be told besides its own
ALSO = {
    "untranslated": {"wrong-script", "wrong-language"},
    "nearly untranslated": {"untranslated", "wrong-script", "wrong-language"},
    "wrong language": {"wrong-language", "wrong-script", "untranslated"},
    "cut": {"too-short"},
    "remark": {"extra-paragraph"},
}
PAGES = (
    "Error 500 (Server Error)!!1500.That’s an error.There was an error. Please try again later.",
    "<!DOCTYPE html>\n<html lang=en><head><title>Error 429 (Too Many Requests)!!1</title></head></html>",
    "502 Bad Gateway\nnginx/1.18.0",
    '{"error": {"message": "Rate limit reached for requests", "type": "rate_limit"}}',
    "503 Service Temporarily Unavailable",
    "upstream request timeout",
    "Our systems have detected unusual traffic from your computer network.",
    "HTTP 504: Gateway Time-out",
)
THOUGHTS = (
    "<think>\nThe user wants a translation. Let me see.\n</think>\n\n{}",
    "<thinking>First the verb, then the noun.</thinking>{}",
    "Okay, I should translate this carefully.\n</think>\n\n{}",
    "[THINK]A short text, formal register.[/THINK]{}",
    "<|channel|>analysis<|message|>We need a translation.<|end|><|start|>assistant<|channel|>final<|message|>{}",
    "<think>The user wants me to translate",
)
TOKENS = (
    "<|assistant|>{}<|im_end|>",
    "<|im_start|>assistant\n{}<|im_end|>",
    "<start_of_turn>model\n{}<end_of_turn>",
    "{}</s>",
    "<|start_header_id|>assistant<|end_header_id|>\n\n{}<|eot_id|>",
    "[INST] {} [/INST]",
    "Assistant: {}",
    "<s>{}",
    "{}<|im_end|>\n<|im_start|>user\nThanks!",
)
WRAPS = ('"{}"', "“{}”", "«{}»", "```\n{}\n```", "<translation>{}</translation>", "'{}'", "「{}」", '{{"translation": {}}}')  # fmt: skip
GARBLES = {"es": "cp1252", "de": "cp1252", "ga": "cp1252", "fi": "cp1252", "ru": "cp1251"}


def seen(fault: str, source: str, reply: str, source_language: str, target: str) -> set[str]:
    """Kinds of problems and mended kinds of a reply."""
    found = check(source, Reply(reply), source_language=source_language, target_language=target)
    return {*found.kinds, *found.mended}


def hit(fault: str, kinds: set[str]) -> bool:
    return bool(kinds & ({fault} | ALSO.get(fault, set())))


class Rows:
    """Real texts by language, and human parallel text."""

    def __init__(self, data: Path, seed: int):
        self.random = random.Random(seed)
        table = pl.read_parquet(data / "aya" / "aya_dataset.parquet")
        self.texts: dict[str, list[str]] = defaultdict(list)
        for inputs, targets, code in table.select("inputs", "targets", "language_code").iter_rows():
            self.texts[AYA[code]] += [text.strip() for text in (inputs, targets) if text]
        for texts in self.texts.values():
            texts[:] = dict.fromkeys(texts)
            self.random.shuffle(texts)
        self.parallel = self._parallel(data)
        self.memory = pl.read_parquet(data / "translations" / "translation_memory.parquet")

    def _parallel(self, data: Path) -> dict[str, list[str]]:
        """The same texts in en, es, ru, zh, in the same order."""
        columns: dict[str, list[str]] = {}
        for language in ("en", "es", "ru", "zh"):
            texts = []
            squad = json.loads((data / "xquad" / f"xquad.{language}.json").read_bytes())["data"]
            for article in squad:
                for paragraph in article["paragraphs"]:
                    texts.append(paragraph["context"].strip())
                    texts += [qa["question"].strip() for qa in paragraph["qas"]]
            lines = (data / "mgsm" / f"mgsm_{language}.tsv").read_text("utf-8").splitlines()
            texts += [line.rsplit("\t", 1)[0].strip() for line in lines if line.strip()]
            columns[language] = texts
        order = list(range(len(columns["en"])))
        self.random.shuffle(order)
        return {code: [texts[i] for i in order] for code, texts in columns.items()}

    def pairs(self, target: str, number: int) -> list[tuple[str, str, str]]:
        """(source language, source, good text in `target`); parallel where there is such text.

        Elsewhere an English row of about the same length stands in for the source.
        """
        if target in self.parallel:
            source = "es" if target == "en" else "en"
            return [
                (source, a, b)
                for a, b in zip(self.parallel[source], self.parallel[target], strict=True)
            ][:number]
        english = [text for text in self.texts["en"] if prose_row(text) and "\n" not in text]
        english.sort(key=len)
        lengths = [len(text) for text in english]
        made = []
        import bisect

        for text in self.texts[target]:
            if 20 <= len(text) <= 1500:
                place = min(bisect.bisect_left(lengths, len(text)), len(english) - 1)
                made.append(("en", english[place], text))
            if len(made) == number:
                break
        return made


def prose_row(text: str) -> bool:
    """Whether a reader sees words to translate: three words that start in lower case."""
    return len(
        re.findall(r"(?<![\w'’@#./-])[a-zñáéíóúäöüßа-яё]{2,}(?![\w@./()=-])", text)
    ) >= 3 and not re.search(r"[{}=<>_;]|https?:|\.\w+\(", text)


def echoes(rows: Rows, number: int, targets: list[str], misses: list) -> dict:
    """(target, bounds) -> (seen, planted)."""
    by_length: dict[tuple[int, int], list[tuple[str, str]]] = {bounds: [] for bounds in LENGTHS}
    sources = {"en": rows.texts["en"], "es": rows.parallel["es"]}  # Spanish rows hold English
    for language, texts in sources.items():
        for text in texts:
            words = text.split()
            for bounds in LENGTHS:
                wanted = number if language == "en" else number // 4
                have = sum(1 for code, _ in by_length[bounds] if code == language)
                if bounds[0] <= len(words) and have < wanted:
                    part = " ".join(words[: rows.random.randint(*bounds)])
                    if len(part.split()) >= 3 and prose_row(part):
                        by_length[bounds].append((language, part))
    result: dict = defaultdict(Counter)
    for target in targets:
        for bounds, texts in by_length.items():
            for language, text in texts:
                if language == target:
                    continue
                kinds = seen("untranslated", text, text, language, target)
                result[target, bounds]["planted"] += 1
                result[target, bounds]["seen"] += hit("untranslated", kinds)
                if not hit("untranslated", kinds):
                    misses.append(("untranslated", target, text, text))
                words = text.split()
                if len(words) >= 8:
                    place = rows.random.randrange(len(words))
                    near = " ".join([*words[:place], *words[place + 1 :]]).rstrip(".") + " !"
                    kinds = seen("untranslated", text, near, language, target)
                    result[target, "near"]["planted"] += 1
                    result[target, "near"]["seen"] += hit("nearly untranslated", kinds)
    return result


def garble(text: str, target: str, draw: random.Random) -> str | None:
    """UTF-8 read by the wrong table, as a whole or up to where it cannot be."""
    if text.isascii():
        return None
    for table in draw.sample(["cp1252", "latin-1", "cp1251", "gbk"], 4):
        try:
            return text.encode().decode(table)
        except UnicodeError:
            continue
    return None


def other_digits(text: str, draw: random.Random) -> str | None:
    """A text with every number changed: the same number of digits, no leading zero."""
    if not re.search(r"\d", text):
        return None

    def change(match: re.Match) -> str:
        digits = match.group()
        zero = ord(digits[0]) - int(digits[0])
        while True:
            made = "".join(
                chr(zero + draw.randint(1 if i == 0 else 0, 9)) for i in range(len(digits))
            )
            if all(a != b for a, b in zip(made, digits)):
                return made

    return re.sub(r"\d+", change, text)


def plant(rows: Rows, target: str, number: int, spoken: dict, misses: list) -> dict:
    """Fault -> (seen, planted) for one target language."""
    draw = rows.random
    result: dict[str, Counter] = defaultdict(Counter)

    def count(fault: str, source: str, reply: str, language: str) -> None:
        kinds = seen(fault, source, reply, language, target)
        result[fault]["planted"] += 1
        result[fault]["seen"] += hit(fault, kinds)
        if not hit(fault, kinds):
            misses.append((fault, target, source, reply))

    pairs = rows.pairs(target, number)
    parallel = target in rows.parallel
    for language, source, good in pairs:
        wrap = draw.choice(WRAPS)
        if not re.search(r"[\"“”«»'「」`<]", good + source):
            count("wrapped", source, wrap.format(json.dumps(good, ensure_ascii=False) if "{{" in wrap else good), language)  # fmt: skip
        thought = draw.choice(THOUGHTS)
        count("reasoning", source, thought.format(good) if "{}" in thought else thought, language)
        count("role-token", source, draw.choice(TOKENS).replace("{}", good), language)
        hidden = draw.choice("\u200b\u2060\ufeff\u00ad\x08")
        place = draw.randrange(1, max(len(good), 2))
        count("zero-width", source, good[:place] + hidden + good[place:], language)
        garbled = garble(good, target, draw)
        if garbled and sum(char > "\x7f" for char in good) >= 1:
            count("mojibake", source, garbled, language)
        if prose_row(source):
            both = draw.choice(("{0}\n\n{1}", "{1}\n\n{0}", "{0} - {1}", "{0}\n{1}"))
            count("source-repeated", source, both.format(source, good), language)
        count("error-page", source, draw.choice(PAGES), language)
        if target in spoken:
            phrases = spoken[target]
            breaks = draw.choice(("\n\n", "\n"))
            count("preamble", source, draw.choice(phrases["preambles"]) + breaks + good, language)
            count("remark", source, good + "\n\n" + draw.choice(phrases["remarks"]), language)
            count("refusal", source, draw.choice(phrases["refusals"]), language)
        # without parallel text a text is its own source: numbers and length do not need another
        language, source = (language, source) if parallel else (target, good)
        changed = other_digits(good, draw)
        if changed and re.search(r"\d", source):
            count("numbers", source, changed, language)
        if (
            len(good) >= 80
            and good[-1] in ".!?。！？।"
            and len(re.findall(r"[.!?。！？।]", good)) > 1
        ):
            count("cut", source, good[: len(good) // 2], language)
    for other in rows.texts:
        if other in (target, "en"):
            continue
        for language, source, _ in pairs[: max(number // 10, 3)]:
            text = next((t for t in rows.texts[other][draw.randrange(100) :] if 60 < len(t) < 600 and (prose_row(t) or other in ("zh", "hi", "bn"))), None)  # fmt: skip
            if text and {other, target} != {"id", "ms"}:
                count("wrong language", source, text, language)
    return result


def faulty() -> set[str]:
    listed = ROOT / "bench" / "faulty_replies.txt"
    lines = listed.read_text("utf-8").splitlines() if listed.is_file() else []
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


def key(source: str, reply: str) -> str:
    """How a recorded pair is named in faulty_replies.txt."""
    return hashlib.sha256(f"{source}\0{reply}".encode()).hexdigest()[:16]


def false_positives(rows: Rows, number: int, misses: list) -> dict:
    """(set, source, target) -> counts of good texts, flagged ones, and kinds."""
    result: dict[tuple, Counter] = {}
    listed = faulty()
    groups = rows.memory.unique(maintain_order=True).group_by(
        "engine", "source_language", "target_language", maintain_order=True
    )
    sets = [(group, frame.select("source", "target").rows()) for group, frame in groups]
    for source in rows.parallel:
        for target in rows.parallel:
            if source != target:
                both = zip(rows.parallel[source], rows.parallel[target], strict=True)
                sets.append((("human", source, target), list(both)))
    own = yaml.safe_load((ROOT / "bench" / "sentences.yaml").read_text("utf-8"))
    for target in own:
        if target != "en":
            pairs = [(own["en"][k], own[target][k]) for k in ("long", "short")]
            sets.append((("own", "en", target), pairs))
    for group, pairs in sets:
        pairs = [(s.strip(), t.strip()) for s, t in pairs if s and t and s.strip() and t.strip()]
        chosen = random.Random(number).sample(pairs, min(number, len(pairs)))
        counts = result[group] = Counter()
        for source, reply in chosen:
            if key(source, reply) in listed:
                counts["left out"] += 1
                continue
            found = check(source, Reply(reply), source_language=group[1], target_language=group[2])
            counts["good"] += 1
            counts["mended"] += bool(found.mended)
            if found.problems:
                counts["flagged"] += 1
                counts.update(found.kinds)
                misses.append(("false", "-".join(group), source, f"{found.problems} {reply}"))
    return result


def main(arguments: list[str] | None = None) -> tuple[dict[str, float], dict[str, float]]:
    """Print all tables; returns recall per fault, least and over all languages, and false ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", type=int, default=200, help="rows per language and fault")
    parser.add_argument("--targets", nargs="*", help="targets of the echoes (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", type=int, default=0, help="print this many of each fault")
    options = parser.parse_args(arguments)
    rows = Rows(options.data, options.seed)
    table = yaml.safe_load((ROOT / "resources" / "languages.yaml").read_text("utf-8"))
    spoken = yaml.safe_load((ROOT / "bench" / "planted.yaml").read_text("utf-8"))
    misses: list[tuple] = []
    summary: dict[str, float] = {}
    pooled: dict[str, Counter] = defaultdict(Counter)
    started = time.process_time()

    print("untranslated: recall in % by words of the source\n")
    found = echoes(rows, options.rows, options.targets or list(table), misses)
    share = lambda counts: 100 * counts["seen"] / max(counts["planted"], 1)  # noqa: E731
    print("target  " + "".join(f"{a}-{b}".rjust(9) for a, b in LENGTHS) + "   nearly")
    least: list[float] = []
    for target in dict.fromkeys(target for target, _ in found):
        cells = [share(found[target, bounds]) for bounds in LENGTHS]
        total = Counter()
        for bounds in LENGTHS:
            total += found[target, bounds]
        pooled["untranslated"] += total
        pooled["nearly untranslated"] += found[target, "near"]
        least.append(min(cells))
        near = share(found[target, "near"])
        summary["nearly untranslated"] = min(summary.get("nearly untranslated", 100.0), near)
        print(f"{target:8}" + "".join(f"{cell:9.1f}" for cell in cells) + f"{near:9.1f}")
    summary["untranslated"] = min(least)

    print("\nplanted faults: recall in % by language (planted)\n")
    kinds: dict[str, dict[str, Counter]] = defaultdict(dict)
    for target in rows.texts:
        for fault, counts in plant(rows, target, options.rows, spoken, misses).items():
            kinds[fault][target] = counts
    print("fault".ljust(18) + "".join(code.rjust(12) for code in rows.texts))
    for fault, by_language in kinds.items():
        cells = [
            f"{share(by_language[code]):.1f} ({by_language[code]['planted']})"
            if code in by_language else "-" for code in rows.texts
        ]  # fmt: skip
        print(fault.ljust(18) + "".join(cell.rjust(12) for cell in cells))
        summary[fault] = min(share(counts) for counts in by_language.values())
        pooled[fault] = sum(by_language.values(), Counter())
    more = [code for code in spoken if code not in rows.texts]
    own = yaml.safe_load((ROOT / "bench" / "sentences.yaml").read_text("utf-8"))
    print("\nsentences of services in further languages, around our own texts: recall in %\n")
    for code in more:
        cells = []
        for fault, name in (
            ("preamble", "preambles"),
            ("refusal", "refusals"),
            ("remark", "remarks"),
        ):
            source, good = own["en"]["long"], own[code]["long"]
            marks = []
            for phrase in spoken[code][name]:
                reply = {"preamble": f"{phrase}\n\n{good}", "refusal": phrase, "remark": f"{good}\n\n{phrase}"}[fault]  # fmt: skip
                marks.append(hit(fault, seen(fault, source, reply, "en", code)))
                if not marks[-1]:
                    misses.append((fault, code, source, reply))
            cells.append(f"{fault} {100 * sum(marks) / len(marks):.0f}")
        print(f"{code:4}" + "  ".join(cells))

    print("\nfalse positives\n")
    recorded = Counter()
    human = Counter()
    for group, counts in false_positives(rows, options.rows, misses).items():
        kind = {"human": human}.get(group[0], recorded if group[0] != "own" else Counter())
        kind.update({name: counts[name] for name in ("good", "flagged")})
        told = {
            k: v for k, v in counts.items() if k not in ("good", "flagged", "left out", "mended")
        }
        if group[0] != "own" or counts["flagged"]:
            rate = 100 * counts["flagged"] / max(counts["good"], 1)
            print(
                f"{' '.join(group):16} {counts['good']:6} good, {rate:5.2f} % flagged, "
                f"{counts['mended']} mended, {counts['left out']} faulty left out {told or ''}"
            )
    summary["false recorded"] = 100 * recorded["flagged"] / max(recorded["good"], 1)
    summary["false human"] = 100 * human["flagged"] / max(human["good"], 1)

    print("\nleast recall over the languages, and its floor")
    for fault, floor in FLOORS.items():
        if fault in summary:
            print(f"  {fault:20} {summary[fault]:6.1f}  {floor}{'' if summary[fault] >= floor else '  BELOW'}")  # fmt: skip
    for name in ("false recorded", "false human"):
        print(f"  {name:20} {summary[name]:6.2f}  at most {MOST_FALSE:g}")
    print(f"{time.process_time() - started:.0f} s of one processor")
    by_fault = Counter()
    for fault, where, source, reply in misses:
        by_fault[fault] += 1
        if by_fault[fault] <= options.misses:
            print(f"\nMISS {fault} {where}\n  source {source[:300]!r}\n  reply  {reply[:500]!r}")
    over_all = {fault: share(counts) for fault, counts in pooled.items()}
    return summary, over_all | {k: v for k, v in summary.items() if k.startswith("false")}


if __name__ == "__main__":
    main()
