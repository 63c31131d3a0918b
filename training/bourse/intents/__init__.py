"""Intents by examples: the Python reference of `src/encoder/neighbours`."""
