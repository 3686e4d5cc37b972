"""What the rules ask of a study: their input functions and parameters, a module for each rule file.

`rules/judge.smk` has its functions in `judge.py`, and so on; they know the study and the names of its
files, and neither run nor read anything else. Paths begin with Snakemake's pathvars
(`<results>/...`), as in the rules.
"""
