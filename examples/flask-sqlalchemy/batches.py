"""The batch functions of the service, one statement each: with the extension, their
whole text is here. Each takes the session and the keys."""
from batch import load_connection, load_many, load_one
from models import Article, Publication, Reporter, article_publication


def articles(session, reporter_ids, first=None, **conditions):
    return load_many(session, Article, reporter_ids, by="reporter_id", order_by="pub_date DESC, id", first=first,
                     **where(**conditions))


def reporters(session, ids):
    return load_one(session, Reporter, ids)


def publications(session, article_ids):
    return load_many(session, Publication, article_ids, by="article_id", through=article_publication, order_by="title")


def pages(session, keys, first, total=False, **conditions):
    return load_connection(session, Article, [id for id, _ in keys], by="reporter_id", order_by="pub_date DESC",
                           first=first, after=[after for _, after in keys], total_count=total, **where(**conditions))


# What a client may ask for, and the text that this becomes. Values go into args.
CONDITIONS = {
    "since": "pub_date >= {}",
    "until": "pub_date < {}",
    "headline": "headline ILIKE {}",
    "published_in": "EXISTS (SELECT FROM article_publication ap JOIN publication p ON p.id = ap.publication_id"
                    " WHERE ap.article_id = article.id AND p.title = {})",
}


def where(**conditions):
    """The options filter and args."""
    given = {name: value for name, value in conditions.items() if value is not None}
    if not given:
        return {}
    texts = (CONDITIONS[name].format(f"${number}") for number, name in enumerate(given, 1))
    return {"filter": " AND ".join(texts), "args": list(given.values())}
