"""The batch functions of batches.py as objects of the session."""
from batch import load_objects
from batches import where
from models import Article, Publication, Reporter, article_publication


def articles(session, reporter_ids, first=None, **conditions):
    return load_objects(session, Article, reporter_ids, by="reporter_id", order_by="pub_date DESC, id", first=first,
                        **where(**conditions))


def reporters(session, ids):
    return [found[0] if found else None for found in load_objects(session, Reporter, ids)]


def publications(session, article_ids):
    return load_objects(session, Publication, article_ids, by="article_id", through=article_publication, order_by="title")
