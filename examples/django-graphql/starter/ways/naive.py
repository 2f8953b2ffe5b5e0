"""A statement for each parent: the N+1 problem."""
from starter.models import Article, Publication, Reporter
from starter.ways.page import newest_first, page


def articles(reporter_ids):
    return [list(Article.objects.filter(reporter_id=id).order_by("id")) for id in reporter_ids]


def newest(reporter_ids, first):
    return [list(newest_first().filter(reporter_id=id)[:first]) for id in reporter_ids]


def reporters(ids):
    return [Reporter.objects.filter(id=id).first() for id in ids]


def reporters_of(article_ids):
    return [Reporter.objects.filter(article=id).first() for id in article_ids]


def publications(article_ids):
    return [list(Publication.objects.filter(article=id).order_by("title")) for id in article_ids]


def pages(keys, first, total=False):
    return [page(newest_first().filter(reporter_id=id), first, after, total) for id, after in keys]
