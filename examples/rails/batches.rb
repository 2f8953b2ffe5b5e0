# Batches of the extension dataloader for models: extend ApplicationRecord with it.  Options are
# those of the SQL functions: Article.load_many(ids, by: "reporter_id", order_by: "id", first: 5).
module Batches
  # [[record, ...], [], ...]: the records of each key
  def load_many(keys, **options)
    by_position(keys, find_by_sql(rows_of(keys, options)))
  end

  # [[hash, ...], [], ...]: the same without making records, with dates as text
  def load_hashes(keys, **options)
    by_position(keys, connection.select_all(rows_of(keys, options)))
  end

  # [record, nil, ...]: the record of each key
  def load_one(keys, **options)
    load_many(keys, **options).map(&:first)
  end

  # [3, 0, ...]: how many records each key has
  def load_counts(keys, **options)
    PG::TextDecoder::Array.new(elements_type: PG::TextDecoder::Integer.new)
      .decode(connection.select_value("SELECT #{batch(:load_count, connection.quote(quoted_table_name), keys, options)}::text"))
  end

  # JSON, parsed: load_json(:load_many_json, ids, by: "reporter_id")
  def load_json(function, keys, **options)
    Batches.parse(load_text(function, keys, **options))
  end

  # ... and as the text of it, to be sent as it is
  def load_text(function, keys, **options)
    connection.select_value("SELECT #{batch(function, connection.quote(quoted_table_name), keys, options)}::text")
  end

  # The gem oj, if the application has it, reads JSON in less time.
  def self.parse(text)
    defined?(Oj) ? Oj.load(text, mode: :strict, bigdecimal_load: :float) : JSON.parse(text)
  end

  private

  def rows_of(keys, options) = "SELECT (item).*, ord FROM #{batch(:load_rows, "NULL::#{quoted_table_name}", keys, options)}"

  # record.ord would be a slow way to say it: the model does not have it.
  def by_position(keys, rows)
    rows.each_with_object(keys.map { [] }) { |row, lists| lists[row["ord"] - 1] << row }
  end

  # Keys go as JSON, which the server reads as values of the column: nil, strings, [1, "a"] for a composite key.
  def batch(function, relation, keys, options)
    named = options.map { |name, value| ", #{name} => #{value.is_a?(Array) ? array(value) : connection.quote(value)}" }
    "dataloader.#{function}(#{relation}, #{connection.quote(keys.to_json)}#{named.join})"
  end

  def array(values)
    connection.quote(PG::TextEncoder::Array.new.encode(values))
  end
end
