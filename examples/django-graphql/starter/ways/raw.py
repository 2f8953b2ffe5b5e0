"""Model objects by a raw query."""
from starter.models import Article


def articles(ids):
    return Article.objects.raw(
        "SELECT (item).*, ord FROM dataloader.load_rows(NULL::starter_article, %s, by => 'reporter_id',"
        " order_by => 'id')", [ids])


def grouped(ids):
    groups = [[] for _ in ids]
    for article in articles(ids):
        groups[article.ord - 1].append(article)
    return groups
