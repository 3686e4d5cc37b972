"""The judge's prompt, word for word as in the paper's Appendix A.2 (Figure 7).

An experimental parameter: a changed word is another judge. Cite Chen et al. (2024) when using it.
"""

PAPER_PROMPT = (
    "Please act as an impartial judge and evaluate the quality of a response to a user instruction"
    " displayed below. Your evaluation should consider factors such as helpfulness, relevance,"
    " accuracy, depth, creativity, and level of detail. Begin your evaluation with a brief"
    " explanation. After that, please rate the response on a scale of 1 to 5 by strictly following"
    ' this format: "[[rating]]". The rating must be enclosed by two square brackets, for example:'
    ' "Rating: [[2]]".\n'
    "\n"
    "[User Instruction]\n"
    "{instruction}\n"
    "\n"
    "[Response]\n"
    "{response}"
)


def fill(prompt: str, instruction: str, response: str) -> str:
    """Put the two texts into a prompt; braces or headers inside them stay what they are."""
    head, rest = prompt.split("{instruction}")
    middle, tail = rest.split("{response}")
    return head + instruction + middle + response + tail


def judge_prompt(instruction: str, response: str) -> str:
    """The paper's prompt, filled."""
    return fill(PAPER_PROMPT, instruction, response)
