"""One script per row of docs/measures.md; each prints one JSON line with figure, limit and ratio.

Run one with ``python -m benchmarks.NAME``. Machines differ and are noisy: only the ratio to
the limit measured in the same run counts.
"""
