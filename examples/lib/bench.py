"""Runs the ways of some cells by turns and prints what each run took: see ../README.md."""
import gc
import sys
import time


def run(cells, count_statements):
    """cells: {cell: {way: function}}; count_statements(function) calls it and counts."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    for cell, ways in cells.items():
        if wanted not in cell:
            continue
        statements = {way: count_statements(function) for way, function in ways.items()}
        for _ in range(rounds):
            for way, function in ways.items():
                gc.collect()
                started = time.perf_counter()
                result = function()
                milliseconds = (time.perf_counter() - started) * 1000
                del result
                print(cell, way, statements[way], f"{milliseconds:.3f}", sep="\t", flush=True)
