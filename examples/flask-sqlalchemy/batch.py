"""Related rows for a batch of keys, by the PostgreSQL extension dataloader.

Copy this file into your project. Options are those of the SQL functions: by, order_by,
first, skip, columns, filter, args, through, link; models and tables stand for their names.
"""
import json

from sqlalchemy import JSON, BigInteger, column, inspect, select, text


def load_one(session, model, keys, **options):
    """A dictionary or None for each key."""
    return _json("load_one_json", session, model, keys, options)


def load_many(session, model, keys, **options):
    """A list of dictionaries for each key."""
    return _json("load_many_json", session, model, keys, options)


def load_connection(session, model, keys, **options):
    """A Relay connection for each key."""
    return _json("load_connection", session, model, keys, options)


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


def _json(function, session, model, keys, options):
    call, values = _call(function, ":relation", session, keys, options)
    statement = text(f"SELECT {call} AS batch").columns(batch=JSON)
    return session.scalar(statement, {"relation": _name(session, model), **values})


def _call(function, relation, session, keys, options):
    named = "".join(f", {name} => :{name}" for name in options)
    values = {name: _value(session, name, value) for name, value in options.items()}
    return f"dataloader.{function}({relation}, :keys{named})", {"keys": list(keys), **values}


def _value(session, name, value):
    if name == "args":
        return json.dumps(value)
    return value if value is None or isinstance(value, (str, int, list)) else _name(session, value)


def _name(session, model):
    return _preparer(session).format_table(inspect(model).local_table if isinstance(model, type) else model)


def _preparer(session):
    return session.get_bind().dialect.identifier_preparer
