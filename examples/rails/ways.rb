# The five cells of ../README.md, each in the ways of ActiveRecord, in SQL that makes JSON, and in
# batches of the extension.  A way begins with the statement for the parents and returns what
# belongs to each, in their order.  Names that end in (objects) return records, the others what
# is in JSON.
require "base64"
require_relative "models"

module Ways
  NEWEST = { by: "reporter_id", order_by: "pub_date DESC, id", first: 5 }.freeze
  PUBLICATIONS = { by: "article_id", through: "article_publication", order_by: "id" }.freeze
  LATERAL = <<~SQL.freeze
    SELECT k.ord, a.*
    FROM unnest(ARRAY[?]::bigint[], ARRAY[?]::date[], ARRAY[?]::bigint[]) WITH ORDINALITY AS k (id, date, last, ord)
    CROSS JOIN LATERAL (
        SELECT * FROM article
        WHERE reporter_id = k.id AND (k.last IS NULL OR pub_date <= k.date AND (pub_date < k.date OR id > k.last))
        ORDER BY pub_date DESC, id LIMIT ?) a
  SQL

  module_function

  def reporters = Reporter.order(:last_name, :first_name, :id).limit(500)
  def articles = Article.where(reporter_id: reporters.select(:id)).order(:id).limit(500)

  def cells
    {
      "500 reporters, all articles" => {
        "N+1 (objects)" => -> { reporters.map { |reporter| reporter.articles.to_a } },
        "includes (objects)" => -> { reporters.includes(:articles).map { |reporter| reporter.articles.to_a } },
        "where and group_by (objects)" => -> { grouped(reporters.ids) { |ids| Article.where(reporter_id: ids).order(:id) } },
        "select_all and group_by" => -> { grouped(reporters.ids) { |ids| hashes(Article.where(reporter_id: ids).order(:id)) } },
        "json_agg by hand" => -> { by_hand("articles", reporters.ids) },
        "dataloader (objects)" => -> { Article.load_many(reporters.ids, by: "reporter_id", order_by: "id") },
        "dataloader, hashes" => -> { Article.load_hashes(reporters.ids, by: "reporter_id", order_by: "id") },
        "dataloader" => -> { Article.load_json(:load_many_json, reporters.ids, by: "reporter_id", order_by: "id") }
      },
      "500 reporters, all articles, an HTTP response" => {
        "includes, to_json" => -> { reporters.includes(:articles).map { |reporter| reporter.articles.to_a }.to_json },
        "json_agg by hand, as text" => -> { by_hand_text("articles", reporters.ids) },
        "dataloader, as text" => -> { Article.load_text(:load_many_json, reporters.ids, by: "reporter_id", order_by: "id") }
      },
      "500 reporters, newest 5 articles" => {
        "N+1 (objects)" => -> { reporters.map { |reporter| reporter.newest.to_a } },
        "LATERAL and group_by (objects)" => -> { lateral(reporters.ids, 5) },
        "json_agg by hand" => -> { by_hand("newest", reporters.ids) },
        "dataloader (objects)" => -> { Article.load_many(reporters.ids, **NEWEST) },
        "dataloader, hashes" => -> { Article.load_hashes(reporters.ids, **NEWEST) },
        "dataloader" => -> { Article.load_json(:load_many_json, reporters.ids, **NEWEST) }
      },
      "500 articles, their reporter" => {
        "N+1 (objects)" => -> { articles.map(&:reporter) },
        "includes (objects)" => -> { articles.includes(:reporter).map(&:reporter) },
        "json_agg by hand" => -> { by_hand("reporter", articles.pluck(:reporter_id)) },
        "dataloader (objects)" => -> { Reporter.load_one(articles.pluck(:reporter_id)) },
        "dataloader" => -> { Reporter.load_json(:load_one_json, articles.pluck(:reporter_id)) }
      },
      "500 articles, their publications" => {
        "N+1 (objects)" => -> { articles.map { |article| article.publications.to_a } },
        "includes (objects)" => -> { articles.includes(:publications).map { |article| article.publications.to_a } },
        "json_agg by hand" => -> { by_hand("publications", articles.ids) },
        "dataloader (objects)" => -> { Publication.load_many(articles.ids, **PUBLICATIONS) },
        "dataloader, hashes" => -> { Publication.load_hashes(articles.ids, **PUBLICATIONS) },
        "dataloader" => -> { Publication.load_json(:load_many_json, articles.ids, **PUBLICATIONS) }
      },
      "500 reporters, a connection page" => {
        "N+1" => -> { second_pages.map { |id, date, last| page(date, Article.find_by_sql([LATERAL, [id], [date], [last], 6])) } },
        "LATERAL and group_by" => -> { pages(second_pages) },
        "json_agg by hand" => -> { by_hand("page", *second_pages.transpose) },
        "dataloader" => lambda {
          ids, cursors = second_cursors.transpose
          Article.load_json(:load_connection, ids, **NEWEST, after: cursors)
        }
      }
    }
  end

  def grouped(ids)
    lists = yield(ids).group_by { |row| row["reporter_id"] }
    ids.map { |id| lists.fetch(id, []) }
  end

  def hashes(relation) = relation.connection.select_all(relation).to_a

  def lateral(ids, limit) = by_position(ids.size, Article.find_by_sql([LATERAL, ids, ids.map { nil }, ids.map { nil }, limit]))

  def by_position(size, rows)
    lists = rows.group_by { |row| row["ord"] }
    (1..size).map { |ord| lists.fetch(ord, []) }
  end

  def by_hand(name, *columns) = Batches.parse(by_hand_text(name, *columns))

  def by_hand_text(name, *columns)
    binds = columns.map do |values|
      ActiveRecord::Relation::QueryAttribute.new("values", PG::TextEncoder::Array.new.encode(values), ActiveModel::Type::String.new)
    end
    Article.connection.select_value(File.read(File.join(__dir__, "../by-hand/#{name}.sql")), nil, binds)
  end

  # Every reporter's second page, as a client asks for it: the ids come with the statement for
  # the parents, the cursors were in the first page.
  def second_pages = reporters.ids.zip(@places).map { |id, place| [id, *place] }
  def second_cursors = reporters.ids.zip(@cursors)

  def read_first_pages
    @places = lateral(reporters.ids, 5).map { |list| [list.last&.pub_date, list.last&.id] }
    @cursors = Article.load_json(:load_connection, reporters.ids, **NEWEST).map { |page| page["pageInfo"]["endCursor"] }
  end

  def pages(keys)
    rows = by_position(keys.size, Article.find_by_sql([LATERAL, *keys.transpose, 6]))
    keys.zip(rows).map { |(_, date, _), found| page(date, found) }
  end

  def page(after, rows)
    edges = rows.first(5).map do |article|
      { "cursor" => Base64.strict_encode64([article.pub_date, article.id].to_json), "node" => article.attributes.except("ord") }
    end
    { "edges" => edges,
      "pageInfo" => { "hasNextPage" => rows.size > 5, "hasPreviousPage" => !after.nil?,
                      "startCursor" => edges.first&.fetch("cursor"), "endCursor" => edges.last&.fetch("cursor") } }
  end
end
