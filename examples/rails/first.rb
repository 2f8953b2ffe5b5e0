ids = [3, 2, 1]
articles = Article.find_by_sql([<<~SQL, ids.to_json]).group_by { |article| article["ord"] }
  SELECT (item).*, ord
  FROM dataloader.load_rows(NULL::article, ?, by => 'reporter_id', order_by => 'id')
SQL
ids.each.with_index(1) { |id, ord| puts "#{id}: #{articles.fetch(ord, []).map(&:headline)}" }
