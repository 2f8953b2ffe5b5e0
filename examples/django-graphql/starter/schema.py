"""The GraphQL schema. Its resolvers take dictionaries and model objects alike, and load
through info.context: see loaders.py."""
import graphene
from graphene.types.resolver import dict_or_attr_resolver
from graphql.language.ast import Field

from starter import models


class Date(graphene.Date):
    """Of a model object, or of JSON, where it is text already."""

    serialize = staticmethod(str)


def get(parent, name):
    return dict_or_attr_resolver(name, None, parent, None)


def by_field_name(attribute, default, parent, info, **arguments):
    return parent.get(info.field_name)


def asks_for(info, name):
    """Whether the query selects a field of this field; what is in a fragment may be."""
    selections = (selection for ast in info.field_asts for selection in ast.selection_set.selections)
    return any(not isinstance(selection, Field) or selection.name.value == name for selection in selections)


class Publication(graphene.ObjectType):
    class Meta:
        default_resolver = dict_or_attr_resolver

    id = graphene.Int()
    title = graphene.String()


class Article(graphene.ObjectType):
    class Meta:
        default_resolver = dict_or_attr_resolver

    id = graphene.Int()
    headline = graphene.String()
    body = graphene.String()
    pub_date = Date()
    reporter = graphene.Field(lambda: Reporter)
    publications = graphene.List(Publication)

    def resolve_reporter(parent, info):
        return info.context.load("reporters", get(parent, "reporter_id"))

    def resolve_publications(parent, info):
        return info.context.load("publications", get(parent, "id"))


class PageInfo(graphene.ObjectType):
    class Meta:
        default_resolver = by_field_name

    has_next_page = graphene.Boolean()
    has_previous_page = graphene.Boolean()
    start_cursor = graphene.String()
    end_cursor = graphene.String()


class Edge(graphene.ObjectType):
    class Meta:
        default_resolver = by_field_name

    cursor = graphene.String()
    node = graphene.Field(Article)


class Connection(graphene.ObjectType):
    class Meta:
        default_resolver = by_field_name

    edges = graphene.List(Edge)
    page_info = graphene.Field(PageInfo)
    total_count = graphene.Int()


class Reporter(graphene.ObjectType):
    class Meta:
        default_resolver = dict_or_attr_resolver

    id = graphene.Int()
    first_name = graphene.String()
    last_name = graphene.String()
    articles = graphene.List(Article)
    newest = graphene.List(Article, first=graphene.Int(default_value=5))
    page = graphene.Field(Connection, first=graphene.Int(default_value=5), after=graphene.String())

    def resolve_articles(parent, info):
        return info.context.load("articles", get(parent, "id"))

    def resolve_newest(parent, info, first):
        return info.context.load("newest", get(parent, "id"), first=min(first, 100))

    def resolve_page(parent, info, first, after=None):
        return info.context.load("pages", (get(parent, "id"), after), first=min(first, 100),
                                 total=asks_for(info, "totalCount"))


class Query(graphene.ObjectType):
    reporters = graphene.List(Reporter, first=graphene.Int(default_value=20))
    reporter = graphene.Field(Reporter, id=graphene.Int(required=True))
    articles = graphene.List(Article, first=graphene.Int(default_value=20))

    def resolve_reporters(parent, info, first):
        return models.Reporter.objects.order_by("last_name", "first_name", "id")[: min(first, 500)]

    def resolve_reporter(parent, info, id):
        return info.context.load("reporters", id)

    def resolve_articles(parent, info, first):
        return models.Article.objects.order_by("id")[: min(first, 500)]


schema = graphene.Schema(query=Query)
