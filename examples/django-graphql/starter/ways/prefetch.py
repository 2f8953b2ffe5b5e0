"""Django's own batching. Its keys are objects, which keep what was loaded; so each
function takes fresh ones."""
from django.db.models import Prefetch, prefetch_related_objects

from starter.models import Article, Publication
from starter.ways.page import newest_first, page_of_all


def articles(reporters):
    prefetch_related_objects(reporters, Prefetch("article_set", Article.objects.order_by("id")))
    return [list(reporter.article_set.all()) for reporter in reporters]


def newest(reporters, first):
    """Before Django 4.2 a Prefetch cannot be sliced: all are loaded."""
    prefetch_related_objects(reporters, Prefetch("article_set", newest_first()))
    return [list(reporter.article_set.all())[:first] for reporter in reporters]


def reporters_of(articles):
    prefetch_related_objects(articles, "reporter")
    return [article.reporter for article in articles]


def publications(articles):
    prefetch_related_objects(articles, Prefetch("publications", Publication.objects.order_by("title")))
    return [list(article.publications.all()) for article in articles]


def pages(reporters, after, first, total=False):
    prefetch_related_objects(reporters, Prefetch("article_set", newest_first()))
    return [page_of_all(list(reporter.article_set.all()), first, after[reporter.id], total) for reporter in reporters]
