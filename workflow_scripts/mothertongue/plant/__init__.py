"""Write data in which a truth is planted, so that a study can show whether it is found.

`words.py` says sentences in a language from its YAML file, `rows.py` draws what they are about and
decides who says it how, `tests.py` and `write.py` make the files of a study.
"""
