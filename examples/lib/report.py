#!/usr/bin/python3
"""Turns what a bench printed into a table.

Reads lines "cell TAB way TAB statements TAB milliseconds", one for each run, and prints
a Markdown table with the median of each way. Ways whose name begins with "dataloader"
are ours; the last columns say how many times as long as these each other way takes.
Other lines, such as notes, pass through.
"""
import statistics
import sys


def is_ours(way):
    return way.startswith("dataloader")


def read(lines):
    cells = {}
    for line in lines:
        fields = line.rstrip("\n").split("\t")
        if len(fields) != 4:
            print(line, end="")
            continue
        cell, way, statements, milliseconds = fields
        runs = cells.setdefault(cell, {}).setdefault(way, {"statements": statements, "times": []})
        runs["times"].append(float(milliseconds))
    return cells


def print_table(cells):
    ours = sorted({way for ways in cells.values() for way in ways if is_ours(way)})
    print("| | way | statements | p50, ms |", *(f" / {way} |" for way in ours), sep="")
    print("| --- | --- | ---: | ---: |", *(" ---: |" for _ in ours), sep="")
    for cell, ways in cells.items():
        p50 = {way: statistics.median(runs["times"]) for way, runs in ways.items()}
        for way in ways:
            ratios = (f" {p50[way] / p50[our]:.1f} |" if our in p50 and not is_ours(way) else " |" for our in ours)
            print(f"| {cell} | {way} | {ways[way]['statements']} | {p50[way]:.1f} |", *ratios, sep="")
            cell = ""


if __name__ == "__main__":
    table = read(sys.stdin)
    if not table:
        sys.exit("report: nothing was measured")
    fewest = min(len(runs["times"]) for ways in table.values() for runs in ways.values())
    print_table(table)
    print(f"\nMedian of {fewest} runs of each way, by turns.")
