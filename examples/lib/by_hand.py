"""The SQL of ../by-hand, for psycopg2."""
import pathlib
import re


def statement(name, *parameters):
    """Its text and its parameters."""
    sql = (pathlib.Path(__file__).parent.parent / "by-hand" / f"{name}.sql").read_text()
    return re.sub(r"\$(\d)", r"%(p\1)s", sql), {f"p{n}": value for n, value in enumerate(parameters, 1)}
