# The batches against what ActiveRecord loads by itself: the same records and values at the same
# positions, in how many statements.
require "minitest/autorun"
require_relative "tap"
require_relative "database"
require_relative "schema"
require_relative "ways"

Database.open
Ways.read_first_pages

class BatchesTest < Minitest::Test
  BUSY = Article.group(:reporter_id).order(Arel.sql("count(*) DESC")).limit(3).pluck(:reporter_id)

  # Records and hashes alike, as what is in JSON.  Cursors are the own matter of each way.
  def plain(value)
    case value
    when Array then value.map { |item| plain(item) }
    when ActiveRecord::Base then value.attributes.except("ord").as_json
    when Hash then value.except("ord", "cursor", "startCursor", "endCursor").transform_values { |item| plain(item) }
    else value.as_json
    end
  end

  # Every way of every cell, in two statements: that for the parents, and one for what belongs to them.
  Ways.cells.each do |cell, ways|
    ways.each do |way, run|
      next unless way.start_with?("dataloader")

      define_method("test_#{cell}, #{way}: two statements, what each of the others loads") do
        parse = ->(values) { plain(values.is_a?(String) ? JSON.parse(values) : values) }
        ours = nil
        assert_equal 2, Database.statements { ours = parse.(run.call) }
        assert_equal 500, ours.size
        ways.each { |name, other| assert_same_values parse.(other.call), ours, name }
      end
    end
  end

  # A difference of 500 keys is slow to print: the first one is enough.
  def assert_same_values(expected, actual, name)
    i = expected.zip(actual).index { |one, other| one != other }
    assert_equal expected.size, actual.size, name
    assert_equal expected[i], actual[i], "#{name}, position #{i}" if i
  end

  def test_n_plus_1_takes_501_statements_and_includes_two
    assert_equal 501, Database.statements { Ways.cells["500 reporters, all articles"]["N+1 (objects)"].call }
    assert_equal 2, Database.statements { Ways.cells["500 reporters, all articles"]["includes (objects)"].call }
  end

  def test_missing_and_repeated_keys_and_nil_keep_their_positions
    one, two, = BUSY
    keys = [one, nil, 999_999, one, two.to_s]
    lists = Article.load_many(keys, by: "reporter_id", order_by: "id")
    expected = [one, two].to_h { |id| [id, Article.where(reporter_id: id).order(:id).to_a] }
    assert_equal [expected[one], [], [], expected[one], expected[two]], lists
    assert_equal [one, nil, nil, one, two], Reporter.load_one(keys).map { |reporter| reporter&.id }
    assert_equal lists.map(&:size), Article.load_counts(keys, by: "reporter_id")
    assert_equal [[]] * 2, Article.load_many([nil, -1], by: "reporter_id")
    assert_equal [], Article.load_many([], by: "reporter_id")
    assert_equal [], Article.load_json(:load_many_json, [], by: "reporter_id")
  end

  def test_both_parsers_read_the_same
    text = '[{"a": 9007199254740993, "b": 1.5, "c": 0.1234567890123456789, "d": 12345678901234567890}, null, true,
             "\u00e9\ud83d\ude00\n\"", "^o", ":o", {"^o": 1, "json_class": "String"}, [], {}, ""]'
    assert_equal JSON.parse(text), Batches.parse(text)
    assert_equal JSON.parse(text).map(&:class), Batches.parse(text).map(&:class)
  end

  def test_records_are_records
    article = Article.load_many(BUSY, by: "reporter_id", first: 1).flatten.first
    assert_instance_of Date, article.pub_date
    assert_predicate article, :persisted?
    assert_equal Article.find(article.id), article
    Article.transaction do
      article.update!(headline: "Corrected")
      assert_equal "Corrected", Article.find(article.id).headline
      raise ActiveRecord::Rollback
    end
  end

  def test_an_association_can_be_filled
    reporters = Ways.reporters.to_a
    reporters.zip(Article.load_many(reporters.map(&:id), **Ways::NEWEST)) do |reporter, articles|
      reporter.association(:newest).target = articles
    end
    assert_equal 0, Database.statements { reporters.each { |reporter| reporter.newest.to_a } }
    assert_equal reporters[7].newest.reload.to_a, Article.load_many([reporters[7].id], **Ways::NEWEST).first
  end

  def test_filter_with_args
    since = Date.new(2020, 1, 1)
    lists = Article.load_many(BUSY, by: "reporter_id", order_by: "id", filter: "pub_date >= $1", args: [since].to_json)
    assert_equal BUSY.map { |id| Article.where(reporter_id: id, pub_date: since..).order(:id).to_a }, lists
  end

  def test_composite_keys_and_to_one_through
    pairs = ArticlePublication.order(:id).limit(2).pluck(:article_id, :publication_id)
    found = ArticlePublication.load_one([*pairs, [0, 0], [1, nil]], by: "article_id, publication_id")
    assert_equal [*pairs, nil, nil], found.map { |row| row && [row.article_id, row.publication_id] }
    articles = Ways.articles.to_a
    assert_equal articles.map(&:reporter), Reporter.load_one(articles.map(&:id), by: "id", through: "article")
  end

  def test_quotes_in_keys_and_options
    assert_equal [nil, nil], Reporter.load_one(["o'x", "\\"], by: "last_name")
    error = assert_raises(ActiveRecord::StatementInvalid) { Reporter.load_one([1], by: "x'; DROP TABLE article; --") }
    assert_match(/invalid column list in option by/, error.message)
  end

  def test_an_error_names_what_is_wrong
    error = assert_raises(ActiveRecord::StatementInvalid) { Article.load_many([1], by: "reporter") }
    assert_match(/column "reporter" of relation "article" does not exist/, error.message)
  end

  QUESTION = <<~GRAPHQL
    { reporters(first: 100) {
        firstName articleCount
        newest { headline pubDate reporter { firstName } publications { title } }
        articles(first: 2) { edges { cursor node { id publications { title } } } pageInfo { hasNextPage endCursor } } } }
  GRAPHQL

  def test_a_graphql_query_in_six_statements
    answer = nil
    assert_equal 6, Database.statements { answer = BlogSchema.execute(QUESTION).to_h } # parents, counts, newest, pages, reporters, publications
    assert_nil answer["errors"]
    expected = Reporter.order(:id).limit(100).map { |reporter| naive(reporter) }
    answer["data"]["reporters"].each { |reporter| cut_cursors(reporter) }
    assert_equal expected, answer["data"]["reporters"]
  end

  def naive(reporter)
    titles = ->(article) { article.publications.map { |publication| { "title" => publication.title } } }
    { "firstName" => reporter.first_name,
      "articleCount" => reporter.articles.count,
      "newest" => reporter.newest.map do |article|
        { "headline" => article.headline, "pubDate" => article.pub_date.iso8601,
          "reporter" => { "firstName" => reporter.first_name }, "publications" => titles.(article) }
      end,
      "articles" => {
        "edges" => reporter.newest.first(2).map { |article| { "node" => { "id" => article.id.to_s, "publications" => titles.(article) } } },
        "pageInfo" => { "hasNextPage" => reporter.articles.count > 2 } } }
  end

  def cut_cursors(reporter)
    reporter["articles"]["edges"].each { |edge| refute_nil edge.delete("cursor") }
    reporter["articles"]["pageInfo"].delete("endCursor")
  end

  def test_a_graphql_page_begins_behind_its_cursor
    ask = lambda do |after|
      query = "query($after: String) { reporters(first: 1) { articles(first: 1, after: $after) { edges { node { id } } pageInfo { endCursor } } } }"
      BlogSchema.execute(query, variables: { after: after }).dig("data", "reporters", 0, "articles")
    end
    first = ask.(nil)
    second = ask.(first["pageInfo"]["endCursor"])
    newest = Reporter.order(:id).first.newest.first(2)
    assert_equal newest.map { |article| article.id.to_s }, [first, second].map { |page| page["edges"][0]["node"]["id"] }
  end

  # What docs/comparison.md says others get wrong.
  def test_preload_of_an_association_with_a_limit_loads_that_many_rows_in_all
    reporters = Reporter.where(id: BUSY).preload(:newest).to_a
    assert_equal 5, reporters.sum { |reporter| reporter.newest.size }
    assert_equal [5] * BUSY.size, Reporter.where(id: BUSY).map { |reporter| reporter.newest.size }
    assert_equal [5] * BUSY.size, Article.load_many(BUSY, **Ways::NEWEST).map(&:size)
  end

  def test_the_first_lines_print_what_the_associations_have
    expected = [3, 2, 1].map { |id| "#{id}: #{Reporter.find(id).articles.map(&:headline)}\n" }
    assert_output(expected.join) { load "./first.rb" }
  end

  # What one copies from the page must be what is tested here.
  def test_the_code_of_the_pages_is_code_of_this_example
    squeeze = ->(text) { text.gsub(/\s+/, " ").strip }
    sources = squeeze.(Dir["*.rb", "migrations/*.rb"].sort.map { |file| File.read(file) }.join("\n"))
    %w[rails comparison].each do |page|
      blocks = File.read("../../docs/#{page}.md", encoding: "UTF-8").scan(/^```ruby\n(.*?)^```/m).flatten
      refute_empty blocks
      blocks.flat_map { |block| block.split(/^# \.\.\.$/) }.each { |piece| assert_includes sources, squeeze.(piece) }
    end
  end
end
