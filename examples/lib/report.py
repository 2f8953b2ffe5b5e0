#!/usr/bin/python3
"""Turns what a bench printed into a table.

Reads lines "cell TAB way TAB statements TAB milliseconds", one for each run, and prints
a Markdown table: for each cell the median of each way, and how many times as long as
ours it takes. Ways whose name begins with "dataloader" are ours. Each other way is
compared with the fastest of ours that gives the same kind of result: of a way "x
(objects)", with "dataloader ... (objects)". Other lines, such as notes, pass through.
"""
import statistics
import sys


def kind(way):
    return way[way.rfind("("):] if way.endswith(")") else ""


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
    print("| | way | statements | p50, ms | times ours |")
    print("| --- | --- | ---: | ---: | ---: |")
    for cell, ways in cells.items():
        p50 = {way: statistics.median(runs["times"]) for way, runs in ways.items()}
        for way in ways:
            ours = [ms for other, ms in p50.items() if is_ours(other) and kind(other) == kind(way)]
            ratio = f"{p50[way] / min(ours):.1f}" if ours and not is_ours(way) else ""
            print(f"| {cell} | {way} | {ways[way]['statements']} | {p50[way]:.1f} | {ratio} |")
            cell = ""


if __name__ == "__main__":
    table = read(sys.stdin)
    if not table:
        sys.exit("report: nothing was measured")
    fewest = min(len(runs["times"]) for ways in table.values() for runs in ways.values())
    print_table(table)
    print(f"\nMedian of {fewest} runs of each way, by turns.")
