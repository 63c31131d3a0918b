"""Trains every fast head in one process: the same as the six commands one after the other."""

from __future__ import annotations

import complexity
import domain
import fact_check
import feedback
import output_length
import reasoning

if __name__ == "__main__":
    for task in (complexity, feedback, reasoning, output_length, fact_check, domain):
        print("==", task.__name__, flush=True)
        task.main()
