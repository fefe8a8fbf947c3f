"""The single checks of a machine: each answers for a few codes. `check.py` puts them together."""
