"""Shared parts of the trainers: the artefact format, tokens, features, heads, calibration, folds and cards."""
