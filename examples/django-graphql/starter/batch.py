"""Related rows for a batch of keys, by the PostgreSQL extension dataloader.

Copy this file into your project. Options are those of the SQL functions: by, order_by,
first, skip, columns, filter, args, through, link; models stand for their tables.
"""
import json

from django.db import connections, router


def load_one(model, keys, **options):
    """A dictionary or None for each key."""
    return _load("load_one_json", model, keys, options)


def load_many(model, keys, **options):
    """A list of dictionaries for each key."""
    return _load("load_many_json", model, keys, options)


def load_many_text(model, keys, **options):
    """The same as JSON text, for a response that passes it on."""
    return _load("load_many_json", model, keys, options, "::text")


def load_connection(model, keys, **options):
    """A Relay connection for each key."""
    return _load("load_connection", model, keys, options)


def load_count(model, keys, **options):
    """The number of rows of each key."""
    return _load("load_count", model, keys, options)


def load_objects(model, keys, **options):
    """A list of model objects for each key."""
    database = connections[router.db_for_read(model)]
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    columns = ", ".join(f"(item).{database.ops.quote_name(field.column)}" for field in fields)
    # what JSONField and other fields make of a value from the database
    converters = [(place, convert, field.cached_col) for place, field in enumerate(fields)
                  for convert in field.get_db_converters(database)]
    call, values = _call("load_rows", f"NULL::{_table(model, database)}", keys, options, database)
    groups = [[] for _ in keys]
    with database.cursor() as cursor:
        cursor.execute(f"SELECT ord, {columns} FROM {call}", values)
        for ord, *row in cursor.fetchall():
            for place, convert, column in converters:
                row[place] = convert(row[place], column, database)
            groups[ord - 1].append(model.from_db(database.alias, names, row))
    return groups


def _load(function, model, keys, options, cast=""):
    database = connections[router.db_for_read(model)]
    call, values = _call(function, "%s", keys, options, database)
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {call}{cast}", [_table(model, database), *values])
        return cursor.fetchone()[0]


def _call(function, relation, keys, options, database):
    named = "".join(f", {name} => %s" for name in options)
    values = [_value(name, value, database) for name, value in options.items()]
    return f"dataloader.{function}({relation}, %s{named})", [_json(keys), *values]


def _value(name, value, database):
    if name == "args":
        return _json(value)
    return _table(value, database) if hasattr(value, "_meta") else value


def _json(values):
    """PostgreSQL reads each as a value of the column: "7" as well as 7, dates, UUIDs;
    a tuple is a composite key."""
    return json.dumps(values, default=str)


def _table(model, database):
    return database.ops.quote_name(model._meta.db_table)
