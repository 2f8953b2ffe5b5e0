"""SQLAlchemy's own: relationships, loaded when they are touched (the N+1 problem) or by
selectinload. The statement for the parents is in it."""
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload, relationship, selectinload

from models import Article, Reporter


def first_reporters():
    return select(Reporter).order_by(Reporter.last_name, Reporter.first_name, Reporter.id).limit(500)


def first_articles():
    return select(Article).order_by(Article.id).limit(500)


def lazy_articles(session):
    return [reporter.articles for reporter in session.scalars(first_reporters())]


def selectin_articles(session):
    return [reporter.articles for reporter in session.scalars(first_reporters().options(selectinload(Reporter.articles)))]


# The recipe of SQLAlchemy's documentation, "row-limited relationships with window functions".
numbered = select(
    Article, func.row_number().over(partition_by=Article.reporter_id, order_by=(Article.pub_date.desc(), Article.id)).label("n")
).subquery()
Numbered = aliased(Article, numbered)
Reporter.newest = relationship(
    Numbered, primaryjoin=(Reporter.id == Numbered.reporter_id) & (numbered.c.n <= 5), viewonly=True,
    order_by=(Numbered.pub_date.desc(), Numbered.id))


def row_number_newest(session):
    return [reporter.newest for reporter in session.scalars(first_reporters().options(selectinload(Reporter.newest)))]


def lazy_reporters(session):
    return [article.reporter for article in session.scalars(first_articles())]


def selectin_reporters(session):
    return [article.reporter for article in session.scalars(first_articles().options(selectinload(Article.reporter)))]


def joined_reporters(session):
    return [article.reporter for article in session.scalars(first_articles().options(joinedload(Article.reporter)))]


def lazy_publications(session):
    return [article.publications for article in session.scalars(first_articles())]


def selectin_publications(session):
    return [article.publications
            for article in session.scalars(first_articles().options(selectinload(Article.publications)))]
