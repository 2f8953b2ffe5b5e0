"""The service: flask run, with libpq's variables (PGHOST, PGDATABASE, ...) for the database."""
from flask import Flask, abort, g, jsonify, request
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import batches
from loaders import Loaders, NoLoaders
from models import Base
from schema import schema
from ways import bulk, naive

# What a service has one of, for each of the ways to load.
WAYS = {
    "naive": (NoLoaders, naive),
    "bulk": (Loaders, bulk),
    "dataloader": (Loaders, batches),
}

engine = create_engine("postgresql+psycopg2://", future=True)
app = Flask(__name__)
Base.metadata.create_all(engine)


@app.before_request
def open_session():
    g.session = Session(engine, future=True)


@app.teardown_request
def close_session(error):
    g.session.close()


@app.post("/graphql/<way>")
def graphql(way):
    if way not in WAYS:
        abort(404)
    registry, functions = WAYS[way]
    body = request.get_json(force=True)
    result = schema.execute(body["query"], variables=body.get("variables"), context=registry(g.session, functions))
    answer = {"data": result.data}
    if result.errors:
        answer["errors"] = [{"message": str(error)} for error in result.errors]
    return jsonify(answer), 400 if result.errors else 200
