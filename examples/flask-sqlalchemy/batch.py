"""Related rows for a batch of keys, by the PostgreSQL extension dataloader.

Copy this file into your project. Options are those of the SQL functions: by, order_by,
first, skip, columns, filter, args, through, link; models and tables stand for their names.
"""
import json

from sqlalchemy import ARRAY, JSON, BigInteger, column, inspect, select, text


def load_one(session, model, keys, **options):
    """A dictionary or None for each key."""
    return _load("load_one_json", session, model, keys, options)


def load_many(session, model, keys, **options):
    """A list of dictionaries for each key."""
    return _load("load_many_json", session, model, keys, options)


def load_connection(session, model, keys, **options):
    """A Relay connection for each key."""
    return _load("load_connection", session, model, keys, options)


def load_count(session, model, keys, **options):
    """The number of rows of each key."""
    return _load("load_count", session, model, keys, options, ARRAY(BigInteger))


def load_objects(session, model, keys, **options):
    """A list of the session's objects for each key."""
    quote = _preparer(session).quote
    columns = list(inspect(model).local_table.columns)
    names = ", ".join(f"(item).{quote(column.name)}" for column in columns)
    call, values = _call("load_rows", f"NULL::{_name(session, model)}", session, keys, options)
    rows = text(f"SELECT {names}, ord FROM {call}").columns(*columns, column("ord", BigInteger))
    groups = [[] for _ in keys]
    for item, ord in session.execute(select(model, rows.selected_columns.ord).from_statement(rows), values):
        groups[ord - 1].append(item)
    return groups


def _load(function, session, model, keys, options, type=JSON):
    call, values = _call(function, "CAST(:relation AS regclass)", session, keys, options)
    statement = text(f"SELECT {call} AS batch").columns(batch=type)
    return session.scalar(statement, {"relation": _name(session, model), **values})


# A driver may give text a type of its own.
_TYPES = {"args": "jsonb", "through": "regclass"}


def _call(function, relation, session, keys, options):
    named = "".join(f", {name} => CAST(:{name} AS {_TYPES[name]})" if name in _TYPES else f", {name} => :{name}"
                    for name in options)
    values = {name: _value(session, name, value) for name, value in options.items()}
    return f"dataloader.{function}({relation}, :keys{named})", {"keys": _json(keys), **values}


def _value(session, name, value):
    if name == "args":
        return _json(value)
    return value if value is None or isinstance(value, (str, int, list)) else _name(session, value)


def _json(values):
    """PostgreSQL reads each as a value of the column: "7" as well as 7, dates, UUIDs;
    a tuple is a composite key."""
    return json.dumps(values, default=str)


def _name(session, model):
    table = inspect(model).local_table if isinstance(model, type) else model
    return _preparer(session).format_table(table)


def _preparer(session):
    return session.get_bind().dialect.identifier_preparer
