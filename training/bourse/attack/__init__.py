"""Attack detection: written texts, families, windowed training, evaluation."""
