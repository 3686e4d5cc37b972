"""Measures of a translation against its source text or a reference, valid in the text's script.

chrF++ (characters and pairs of words) needs no tokeniser and holds in every script. BLEU counts
words: it is measured only where a tokeniser knows what a word of the language is.
"""

import logging
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .languages import scripts

# words parted by spaces: the WMT's 13a for scripts with Western punctuation, its international
# version, which knows every script's punctuation, for the others
WESTERN = {"Latn", "Cyrl", "Grek"}
SPACED = {"Arab", "Deva", "Beng", "Gujr", "Guru", "Knda", "Mlym", "Sinh", "Taml", "Telu", "Ethi", "Hebr", "Armn", "Geor", "Orya"}  # fmt: skip
OWN = {"zh": "zh", "ja": "ja-mecab", "ko": "ko-mecab"}
ANY = "flores200"  # a SentencePiece model for 200 languages, used where it is on this machine


class Scores(NamedTuple):
    """Corpus scores, 0 to 100. `bleu` is None where no tokeniser knows the language."""

    chrf: float
    bleu: float | None
    tokeniser: str | None


@lru_cache(maxsize=128)
def bleu_tokeniser(language: str) -> str | None:
    """sacrebleu's name of a tokeniser that knows a language and is on this machine, or None."""
    own = OWN.get(language)
    if own and _usable(own):
        return own
    script = scripts().get(language)
    if not own and script in WESTERN:
        return "13a"
    if not own and script in SPACED:
        return "intl"
    return ANY if _usable(ANY) else None


def _usable(tokeniser: str) -> bool:
    """Whether a tokeniser works without a download."""
    if tokeniser == ANY:
        from sacrebleu import utils
        from sacrebleu.tokenizers.tokenizer_spm import SPM_MODELS

        name = SPM_MODELS[ANY]["url"].rsplit("/", 1)[1]
        return (Path(utils.SACREBLEU_DIR) / "models" / name).is_file()
    from sacrebleu.metrics.bleu import BLEU

    logging.getLogger("sacrebleu").setLevel(logging.ERROR)
    try:
        BLEU(tokenize=tokeniser)
    except (ImportError, RuntimeError, SystemExit):
        return False
    return True


def corpus_scores(made: list[str], wanted: list[str], language: str) -> Scores:
    """chrF++ and, where a tokeniser knows the language, BLEU of texts against their references."""
    import sacrebleu

    chrf = sacrebleu.corpus_chrf(made, [wanted], word_order=2).score
    tokeniser = bleu_tokeniser(language)
    bleu = sacrebleu.corpus_bleu(made, [wanted], tokenize=tokeniser).score if tokeniser else None
    return Scores(chrf, bleu, tokeniser)
