"""The deep encoder: one transformer trunk, several heads."""
