"""One query for all, its objects grouped by a defaultdict. "The first of each" and pages
read all of each."""
from collections import defaultdict

from sqlalchemy import select

from models import Article, Publication, Reporter, article_publication
from ways.common import chosen, connection, cursor


def articles(session, reporter_ids, first=None, **conditions):
    groups = defaultdict(list)
    query = select(Article).where(Article.reporter_id.in_(reporter_ids), *chosen(**conditions))
    for article in session.scalars(query.order_by(Article.pub_date.desc(), Article.id)):
        groups[article.reporter_id].append(article)
    return [groups[id][:first] for id in reporter_ids]


def reporters(session, ids):
    found = {reporter.id: reporter for reporter in session.scalars(select(Reporter).where(Reporter.id.in_(ids)))}
    return [found.get(id) for id in ids]


def publications(session, article_ids):
    groups = defaultdict(list)
    link = article_publication.c
    query = select(link.article_id, Publication).join(Publication, Publication.id == link.publication_id)
    for id, publication in session.execute(query.where(link.article_id.in_(article_ids)).order_by(Publication.title)):
        groups[id].append(publication)
    return [groups[id] for id in article_ids]


def pages(session, keys, first, total=False, **conditions):
    groups = articles(session, [id for id, _ in keys], **conditions)
    return [page(group, first, after, total) for group, (_, after) in zip(groups, keys)]


def page(group, first, after, total):
    start = 0 if after is None else [cursor(article) for article in group].index(after) + 1
    return connection(group[start : start + first + 1], first, after, len(group) if total else None)
