# Batches of the extension dataloader for models: extend ApplicationRecord with it.  Options are
# those of the SQL functions: Article.load_many(ids, by: "reporter_id", order_by: "id", first: 5).
module Batches
  # [[record, ...], [], ...]: the records of each key
  def load_many(keys, **options)
    rows = find_by_sql("SELECT (item).*, ord FROM #{batch(:load_rows, "NULL::#{quoted_table_name}", keys, options)}")
    rows.each_with_object(keys.map { [] }) { |record, lists| lists[record.ord - 1] << record }
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

  # The same as hashes and arrays: load_json(:load_many_json, ids, by: "reporter_id")
  def load_json(function, keys, **options)
    JSON.parse(load_text(function, keys, **options))
  end

  # ... and as the text of it, to be sent as it is
  def load_text(function, keys, **options)
    connection.select_value("SELECT #{batch(function, connection.quote(quoted_table_name), keys, options)}::text")
  end

  private

  # Keys go as JSON, which the server reads as values of the column: nil, strings, [1, "a"] for a composite key.
  def batch(function, relation, keys, options)
    named = options.map { |name, value| ", #{name} => #{value.is_a?(Array) ? array(value) : connection.quote(value)}" }
    "dataloader.#{function}(#{relation}, #{connection.quote(keys.to_json)}#{named.join})"
  end

  def array(values)
    connection.quote(PG::TextEncoder::Array.new.encode(values))
  end
end
