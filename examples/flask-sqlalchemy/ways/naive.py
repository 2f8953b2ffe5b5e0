"""A statement for each parent: the N+1 problem."""
from sqlalchemy import func, select

from models import Article, Publication, Reporter, article_publication
from ways.common import behind, chosen, connection


def articles(session, reporter_ids, first=None, **conditions):
    return [session.scalars(newest_of(id, conditions).limit(first)).all() for id in reporter_ids]


def reporters(session, ids):
    return [session.get(Reporter, id) for id in ids]


def publications(session, article_ids):
    published = select(Publication).join(article_publication).order_by(Publication.title)
    return [session.scalars(published.where(article_publication.c.article_id == id)).all() for id in article_ids]


def pages(session, keys, first, total=False, **conditions):
    return [page(session, newest_of(id, conditions), first, after, total) for id, after in keys]


def page(session, newest, first, after, total):
    count = session.scalar(select(func.count()).select_from(newest.order_by(None).subquery())) if total else None
    found = session.scalars(newest.where(*behind(after)).limit(first + 1)).all()
    return connection(found, first, after, count)


def newest_of(reporter_id, conditions):
    return (
        select(Article)
        .where(Article.reporter_id == reporter_id, *chosen(**conditions))
        .order_by(Article.pub_date.desc(), Article.id)
    )
