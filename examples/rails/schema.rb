# Reporters, articles and publications as GraphQL, with the sources of graphql-ruby's Dataloader:
# what fetch returns belongs to the keys, position by position.
require "graphql"
require_relative "models"

# A source for each relation and set of options; its batch is one statement.
class One < GraphQL::Dataloader::Source
  def initialize(model, **options)
    @model, @options = model, options
  end

  def fetch(keys) = @model.load_one(keys, **@options)
end

class Many < One
  def fetch(keys) = @model.load_many(keys, **@options)
end

class Count < One
  def fetch(keys) = @model.load_counts(keys, **@options)
end

# Keys are [id, cursor or nil]: a cursor of its own for each parent.
class Page < One
  def fetch(keys)
    ids, cursors = keys.transpose
    @model.load_json(:load_connection, ids, after: cursors, **@options)
  end
end

class BaseField < GraphQL::Schema::Field
  def initialize(*args, connection: false, **options, &block) # pages are made by Page
    super
  end
end

class BaseObject < GraphQL::Schema::Object
  field_class BaseField

  def load(source, model, key, **options) = dataloader.with(source, model, **options).load(key)
end

class PublicationType < BaseObject
  field :id, ID, null: false
  field :title, String, null: false
end

class ArticleType < BaseObject
  field :id, ID, null: false
  field :headline, String, null: false
  field :pub_date, String, null: false
  field :reporter, "ReporterType", null: false
  field :publications, [PublicationType], null: false

  def reporter = load(One, Reporter, object["reporter_id"])

  def publications
    load(Many, Publication, object["id"], by: "article_id", through: "article_publication", order_by: "id")
  end
end

class ArticleEdgeType < BaseObject
  field :cursor, String, null: false
  field :node, ArticleType, null: false
end

class PageInfoType < BaseObject
  field :has_next_page, Boolean, null: false, hash_key: "hasNextPage"
  field :has_previous_page, Boolean, null: false, hash_key: "hasPreviousPage"
  field :start_cursor, String, null: true, hash_key: "startCursor"
  field :end_cursor, String, null: true, hash_key: "endCursor"
end

class ArticlePageType < BaseObject
  field :edges, [ArticleEdgeType], null: false
  field :page_info, PageInfoType, null: false, hash_key: "pageInfo"
end

class ReporterType < BaseObject
  field :id, ID, null: false
  field :first_name, String, null: false
  field :article_count, Int, null: false
  field :newest, [ArticleType], null: false
  field :articles, ArticlePageType, null: false do
    argument :first, Int, required: false, default_value: 20
    argument :after, String, required: false
  end

  NEWEST = { by: "reporter_id", order_by: "pub_date DESC, id" }.freeze

  def article_count = load(Count, Article, object.id, by: "reporter_id")

  def newest = load(Many, Article, object.id, **NEWEST, first: 5)

  def articles(first:, after: nil) = load(Page, Article, [object.id, after], **NEWEST, first: [first, 100].min)
end

class QueryType < BaseObject
  field :reporters, [ReporterType], null: false do
    argument :first, Int, required: false, default_value: 20
  end

  def reporters(first:) = Reporter.order(:id).limit([first, 500].min)
end

class BlogSchema < GraphQL::Schema
  query QueryType
  use GraphQL::Dataloader
end
