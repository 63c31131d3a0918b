"""The static encoder: token embeddings distilled from a sentence encoder."""
