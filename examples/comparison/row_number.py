#!/usr/bin/python3
"""The newest five articles of each of 20 reporters, by SQLAlchemy's recipe "Row-Limited
Relationships with Window Functions": how many rows does the server number for that?

Prints what EXPLAIN (ANALYZE, BUFFERS) says of the statement that SQLAlchemy sent, and of
a batch. Fails if the recipe reads the reporters' rows only.
"""
import os

from sqlalchemy import Column, BigInteger, Date, ForeignKey, String, and_, create_engine, event, func, select, text
from sqlalchemy.orm import Session, aliased, declarative_base, relationship, selectinload

Base = declarative_base()


class Reporter(Base):
    __tablename__ = "reporter"
    id = Column(BigInteger, primary_key=True)
    email = Column(String)


class Article(Base):
    __tablename__ = "article"
    id = Column(BigInteger, primary_key=True)
    headline = Column(String)
    pub_date = Column(Date)
    reporter_id = Column(BigInteger, ForeignKey("reporter.id"))


# The recipe, word for word but for the names.
partition = select(
    Article, func.row_number().over(order_by=(Article.pub_date.desc(), Article.id),
                                    partition_by=Article.reporter_id).label("index")
).alias()
partitioned_article = aliased(Article, partition)
Reporter.newest = relationship(
    partitioned_article,
    primaryjoin=and_(partitioned_article.reporter_id == Reporter.id, partition.c.index <= 5),
    order_by=partition.c.index, viewonly=True
)

BATCH = """SELECT (item).id FROM dataloader.load_rows(NULL::article, %(ids)s, by => 'reporter_id',
    order_by => 'pub_date DESC, id', first => 5)"""


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def explain(connection, statement, parameters):
    """The nodes of the plan that ran, the top one first."""
    result = connection.exec_driver_sql("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) " + statement, parameters)
    return list(nodes(result.scalar()[0]["Plan"]))


def pages(plan):
    return plan[0]["Shared Hit Blocks"] + plan[0]["Shared Read Blocks"]


engine = create_engine("postgresql+psycopg2://")  # PGHOST, PGDATABASE and the like
sent = []
with Session(engine) as session:
    connection = session.connection()
    ids = session.scalars(select(Reporter.id).order_by(func.md5(Reporter.email)).limit(20)).all()

    event.listen(engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2:4]))
    reporters = session.scalars(
        select(Reporter).where(Reporter.id.in_(ids)).order_by(Reporter.id).options(selectinload(Reporter.newest))).all()
    newest = sorted(article.id for reporter in reporters for article in reporter.newest)
    plan = explain(connection, *sent[1])
    sorted_rows = next(node["Actual Rows"] for node in plan if "article" == node.get("Relation Name"))
    in_table = connection.exec_driver_sql("SELECT count(*) FROM article").scalar()

    batch = connection.exec_driver_sql(BATCH, {"ids": ids}).scalars().all()
    batch_plan = explain(connection, BATCH, {"ids": ids})
    of_reporters = connection.exec_driver_sql("SELECT count(*) FROM article WHERE reporter_id = ANY (%(ids)s)", {"ids": ids}).scalar()

print(f"wanted: {len(newest)} articles, the newest 5 of each of 20 reporters")
print(f"recipe: {sorted_rows} articles read and sorted, of {in_table} in the table")
print(f"batch: {of_reporters} articles read, those of the 20 reporters")
print(f"# pages: {pages(plan)} and {pages(batch_plan)}")
assert sorted(batch) == newest
assert len(sent) >= 2 and sorted_rows == in_table
assert pages(batch_plan) * 5 < pages(plan)
