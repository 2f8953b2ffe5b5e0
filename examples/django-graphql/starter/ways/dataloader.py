"""One statement with the extension; what it returns is what a DataLoader wants."""
from starter.batch import load_connection, load_many, load_one
from starter.models import Article, Publication, Reporter

Link = Article.publications.through


def articles(reporter_ids):
    return load_many(Article, reporter_ids, by="reporter_id", order_by="id")


def newest(reporter_ids, first):
    return load_many(Article, reporter_ids, by="reporter_id", order_by="pub_date DESC, id", first=first)


def reporters(ids):
    return load_one(Reporter, ids)


def reporters_of(article_ids):
    return load_one(Reporter, article_ids, through=Article)


def publications(article_ids):
    return load_many(Publication, article_ids, by="article_id", through=Link, order_by="title")


def pages(keys, first, total=False):
    return load_connection(Article, [id for id, _ in keys], by="reporter_id", order_by="pub_date DESC",
                           first=first, after=[after for _, after in keys], total_count=total)
