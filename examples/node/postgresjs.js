// The same loaders over postgres.js.  It asks the server for the type of each parameter, and the
// type of keys is text: so keys are sent as JSON.  It sends a statement before the last one is
// answered: with { maxBatchSize: 64 }, say, the server loads while the client reads.
import DataLoader from 'dataloader'

export const makeLoaders = (sql, options) => ({
  articles: new DataLoader(async (ids) => (await sql`
    SELECT dataloader.load_many_json('article', ${JSON.stringify(ids)}, by => 'reporter_id', order_by => 'id') AS batch`
  )[0].batch, options),

  newest: new DataLoader(async (ids) => (await sql`
    SELECT dataloader.load_many_json('article', ${JSON.stringify(ids)}, by => 'reporter_id',
      order_by => 'pub_date DESC, id', first => 5) AS batch`
  )[0].batch, options),

  reporter: new DataLoader(async (ids) => (await sql`
    SELECT dataloader.load_one_json('reporter', ${JSON.stringify(ids)}) AS batch`
  )[0].batch, options),

  publications: new DataLoader(async (ids) => (await sql`
    SELECT dataloader.load_many_json('publication', ${JSON.stringify(ids)}, by => 'article_id',
      through => 'article_publication', order_by => 'id') AS batch`
  )[0].batch, options),

  page: new DataLoader(async (pages) => (await sql`
    SELECT dataloader.load_connection('article', ${JSON.stringify(pages.map((page) => page.id))}, by => 'reporter_id',
      order_by => 'pub_date DESC, id', first => 5, after => ${pages.map((page) => page.after ?? null)}) AS batch`
  )[0].batch, { ...options, cacheKeyFn: (page) => JSON.stringify([page.id, page.after ?? null]) })
})

// For large results: still one statement, but a row for each 16 keys, as in loaders.js.
export const makeLargeLoaders = (sql) => ({
  articles: new DataLoader(async (ids) => (await sql`
    SELECT dataloader.load_many_json('article', ids[i : i + 15], by => 'reporter_id', order_by => 'id') AS batch
    FROM (SELECT ${ids}::bigint[]) AS keys (ids), generate_series(1, cardinality(ids), 16) AS i`
  ).flatMap((row) => row.batch)),

  newest: new DataLoader(async (ids) => (await sql`
    SELECT dataloader.load_many_json('article', ids[i : i + 15], by => 'reporter_id', order_by => 'pub_date DESC, id',
      first => 5) AS batch
    FROM (SELECT ${ids}::bigint[]) AS keys (ids), generate_series(1, cardinality(ids), 16) AS i`
  ).flatMap((row) => row.batch)),

  page: new DataLoader(async (pages) => (await sql`
    SELECT dataloader.load_connection('article', ids[i : i + 15], by => 'reporter_id', order_by => 'pub_date DESC, id',
      first => 5, after => (${pages.map((page) => page.after ?? null)}::text[])[i : i + 15]) AS batch
    FROM (SELECT ${pages.map((page) => page.id)}::bigint[]) AS keys (ids), generate_series(1, cardinality(ids), 16) AS i`
  ).flatMap((row) => row.batch), { cacheKeyFn: (page) => JSON.stringify([page.id, page.after ?? null]) })
})

// Reporter ids -> the JSON of their articles, in the bytes that the server sent.
export const articlesAsBytes = async (sql, ids) => (await sql`
  SELECT dataloader.load_many_json('article', ${JSON.stringify(ids)}, by => 'reporter_id', order_by => 'id')`.raw())[0][0]
