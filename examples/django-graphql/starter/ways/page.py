"""A Relay connection from a queryset, as it is written by hand."""
import base64
import json

from django.db.models import Q

from starter.models import Article


def newest_first():
    return Article.objects.order_by("-pub_date", "id")


def page(articles, first, after, total):
    count = articles.count() if total else None
    found = list(behind(articles, after)[: first + 1])
    return connection(found, first, after, count)


def page_of_all(articles, first, after, total):
    """Where all are loaded already."""
    start = 0 if after is None else [cursor(article) for article in articles].index(after) + 1
    return connection(articles[start : start + first + 1], first, after, len(articles) if total else None)


def behind(articles, after):
    if after is None:
        return articles
    pub_date, id = json.loads(base64.b64decode(after))
    return articles.filter(Q(pub_date__lt=pub_date) | Q(pub_date=pub_date, id__gt=id))


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
