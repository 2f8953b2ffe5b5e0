// One set of loaders for each request: a DataLoader remembers what it loaded.  Each batch
// function is one statement, and what it returns needs no grouping: value i belongs to key i.
import DataLoader from 'dataloader'

// `db` is a pool or a client of node-postgres, or anything with its query(text, values).
export function makeLoaders(db) {
  const batch = async (text, ...values) => (await db.query(text, values)).rows[0].batch
  return {
    // reporter ids -> their articles
    articles: new DataLoader((ids) => batch(
      `SELECT dataloader.load_many_json('article', $1, by => 'reporter_id', order_by => 'id') AS batch`, ids)),

    // reporter ids -> the newest five articles of each
    newest: new DataLoader((ids) => batch(
      `SELECT dataloader.load_many_json('article', $1, by => 'reporter_id', order_by => 'pub_date DESC, id',
         first => 5) AS batch`, ids)),

    // reporter ids -> reporters
    reporter: new DataLoader((ids) => batch(
      `SELECT dataloader.load_one_json('reporter', $1) AS batch`, ids)),

    // article ids -> their reporters, for those who have no reporter_id at hand
    reporterOf: new DataLoader((ids) => batch(
      `SELECT dataloader.load_one_json('reporter', $1, by => 'id', through => 'article') AS batch`, ids)),

    // article ids -> the publications that each appeared in
    publications: new DataLoader((ids) => batch(
      `SELECT dataloader.load_many_json('publication', $1, by => 'article_id', through => 'article_publication',
         order_by => 'id') AS batch`, ids)),

    // reporter ids -> how many articles each has; node-postgres gives bigint[] as strings
    articleCount: new DataLoader((ids) => batch(
      `SELECT dataloader.load_count('article', $1, by => 'reporter_id')::integer[] AS batch`, ids)),

    // { id, after } -> a page of articles behind that reporter's own cursor; a loader for each page size
    page: memoize((first) => new DataLoader((pages) => batch(
      `SELECT dataloader.load_connection('article', $1, by => 'reporter_id', order_by => 'pub_date DESC, id',
         first => $2, after => $3) AS batch`,
      pages.map((page) => page.id), first, pages.map((page) => page.after ?? null)),
      { cacheKeyFn: (page) => JSON.stringify([page.id, page.after ?? null]) }))
  }
}

// For large results: still one statement, but a row for each 16 keys.  The driver reads one
// while the server loads the next.
export function makeLargeLoaders(db) {
  const batch = async (text, ids, ...values) => (await db.query(
    `${text} FROM (SELECT $1::bigint[]) AS keys (ids), generate_series(1, cardinality(ids), 16) AS i`, [ids, ...values]
  )).rows.flatMap((row) => row.batch)
  return {
    articles: new DataLoader((ids) => batch(
      `SELECT dataloader.load_many_json('article', ids[i : i + 15], by => 'reporter_id', order_by => 'id') AS batch`, ids)),

    newest: new DataLoader((ids) => batch(
      `SELECT dataloader.load_many_json('article', ids[i : i + 15], by => 'reporter_id',
         order_by => 'pub_date DESC, id', first => 5) AS batch`, ids)),

    page: memoize((first) => new DataLoader((pages) => batch(
      `SELECT dataloader.load_connection('article', ids[i : i + 15], by => 'reporter_id', order_by => 'pub_date DESC, id',
         first => $2, after => ($3::text[])[i : i + 15]) AS batch`,
      pages.map((page) => page.id), first, pages.map((page) => page.after ?? null)),
      { cacheKeyFn: (page) => JSON.stringify([page.id, page.after ?? null]) }))
  }
}

// Reporter ids -> the JSON of their articles as text, for a response: nothing is parsed.
export const articlesAsText = async (db, ids) => (await db.query(
  `SELECT dataloader.load_many_json('article', $1, by => 'reporter_id', order_by => 'id')::text AS batch`, [ids])).rows[0].batch

function memoize(make) {
  const made = new Map()
  return (key) => made.get(key) ?? made.set(key, make(key)).get(key)
}
