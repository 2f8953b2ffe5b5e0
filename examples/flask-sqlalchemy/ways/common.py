"""Conditions and connections, as they are written by hand."""
import base64
import json

from sqlalchemy import and_, or_

from models import Article, Publication


def chosen(since=None, until=None, headline=None, published_in=None):
    conditions = []
    if since is not None:
        conditions.append(Article.pub_date >= since)
    if until is not None:
        conditions.append(Article.pub_date < until)
    if headline is not None:
        conditions.append(Article.headline.ilike(headline))
    if published_in is not None:
        conditions.append(Article.publications.any(Publication.title == published_in))
    return conditions


def behind(after):
    if after is None:
        return []
    pub_date, id = json.loads(base64.b64decode(after))
    return [or_(Article.pub_date < pub_date, and_(Article.pub_date == pub_date, Article.id > id))]


def connection(found, first, after, total):
    edges = [{"cursor": cursor(article), "node": article} for article in found[:first]]
    page = {
        "edges": edges,
        "pageInfo": {
            "hasNextPage": len(found) > first,
            "hasPreviousPage": after is not None,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }
    return page if total is None else {**page, "totalCount": total}


def cursor(article):
    return base64.b64encode(json.dumps([str(article.pub_date), article.id]).encode()).decode()
