"""Write a first study for somebody's own file: `python -m mothertongue.new my.csv --language sw …`."""
