"""What the rules ask of a study: their input functions and parameters, a module for each rule file.

`rules/judge.smk` has its functions in `judge.py`, and so on; `plan.py` has what all of them start from,
and `models.py` what the rules that load a model share. They know the study and the names of its files
(`study/paths.py`), and run nothing. Paths in inputs begin with Snakemake's pathvars (`<results>/...`), as in
the rules. Snakemake passes a function what its parameters are named after (`wildcards`, `input`,
`output`, `threads`, `resources`, `attempt`) and compares between runs only those params whose function asks
for `wildcards` alone, so that the names are part of what a function does.
"""
