"""Gather all scores of a study into scores.csv, its items and its description (about.json)."""
