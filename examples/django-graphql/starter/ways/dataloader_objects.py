"""The same as model objects, for code that needs their methods."""
from starter.batch import load_objects
from starter.models import Article, Publication, Reporter

Link = Article.publications.through


def articles(reporter_ids):
    return load_objects(Article, reporter_ids, by="reporter_id", order_by="id")


def newest(reporter_ids, first):
    return load_objects(Article, reporter_ids, by="reporter_id", order_by="pub_date DESC, id", first=first)


def reporters(ids):
    return _first(load_objects(Reporter, ids))


def reporters_of(article_ids):
    return _first(load_objects(Reporter, article_ids, through=Article))


def publications(article_ids):
    return load_objects(Publication, article_ids, by="article_id", through=Link, order_by="title")


def _first(groups):
    return [group[0] if group else None for group in groups]
