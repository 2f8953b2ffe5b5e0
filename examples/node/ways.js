// The same five questions without the extension, as well as users of node-postgres and
// postgres.js write them.  `query(text, values)` is a promise of rows; keys are ids, and
// for a page { id, after }.  The tests and the benchmark compare the loaders with these.
import { readFileSync } from 'node:fs'

const each = (keys, load) => Promise.all(keys.map(load))
const column = (objects, name) => objects.map((object) => object[name])

// N+1: what a resolver without a loader does.
export const naive = (query) => ({
  articles: (ids) => each(ids, (id) =>
    query('SELECT * FROM article WHERE reporter_id = $1 ORDER BY id', [id])),
  newest: (ids) => each(ids, (id) =>
    query('SELECT * FROM article WHERE reporter_id = $1 ORDER BY pub_date DESC, id LIMIT 5', [id])),
  reporter: (ids) => each(ids, async (id) =>
    (await query('SELECT * FROM reporter WHERE id = $1', [id]))[0] ?? null),
  publications: (ids) => each(ids, (id) =>
    query(`SELECT p.* FROM publication p JOIN article_publication ap ON ap.publication_id = p.id
           WHERE ap.article_id = $1 ORDER BY p.id`, [id])),
  page: (pages) => each(pages, async ({ id, after }) => {
    const [date, last] = readCursor(after)
    return connection(after, await query(
      `SELECT *, pub_date::text AS cursor_date FROM article
       WHERE reporter_id = $1 AND ($2::date IS NULL OR pub_date <= $2 AND (pub_date < $2 OR id > $3::bigint))
       ORDER BY pub_date DESC, id LIMIT 6`, [id, date, last]))
  })
})

// The stack's own batching: one statement for all keys, then a Map.
export const grouped = (query) => ({
  articles: async (ids) => group(ids, 'reporter_id',
    await query('SELECT * FROM article WHERE reporter_id = ANY ($1::bigint[]) ORDER BY id', [ids])),
  newest: async (ids) => group(ids, 'reporter_id', await query(
    `SELECT a.* FROM unnest($1::bigint[]) AS k (id) CROSS JOIN LATERAL (
       SELECT * FROM article WHERE reporter_id = k.id ORDER BY pub_date DESC, id LIMIT 5) a`, [distinct(ids)])),
  reporter: async (ids) => group(ids, 'id',
    await query('SELECT * FROM reporter WHERE id = ANY ($1::bigint[])', [ids])).map((found) => found[0] ?? null),
  publications: async (ids) => group(ids, 'article_id', await query(
    `SELECT ap.article_id, p.* FROM publication p JOIN article_publication ap ON ap.publication_id = p.id
     WHERE ap.article_id = ANY ($1::bigint[]) ORDER BY p.id`, [ids])),
  page: async (pages) => {
    const after = pages.map((page) => readCursor(page.after))
    const found = group(pages.map((_, i) => i + 1), 'ord', await query(
      `SELECT k.ord, a.*, a.pub_date::text AS cursor_date
       FROM unnest($1::bigint[], $2::date[], $3::bigint[]) WITH ORDINALITY AS k (id, date, last, ord)
       CROSS JOIN LATERAL (
         SELECT * FROM article WHERE reporter_id = k.id AND (k.last IS NULL OR pub_date <= k.date AND (pub_date < k.date OR id > k.last))
         ORDER BY pub_date DESC, id LIMIT 6) a`,
      [column(pages, 'id'), column(after, 0), column(after, 1)]))
    return found.map((rows, i) => connection(pages[i].after, rows))
  }
})

// SQL that builds the JSON: ../by-hand.
export const byHand = (query) => {
  const ask = async (text, ...values) => (await query(text, values))[0].batch
  const sql = (name) => readFileSync(new URL(`../by-hand/${name}.sql`, import.meta.url), 'utf8')
  const ways = {}
  for (const name of ['articles', 'newest', 'reporter', 'publications']) {
    const text = sql(name)
    ways[name] = (ids) => ask(text, ids)
  }
  const text = sql('page')
  ways.page = (pages) => {
    const after = pages.map((page) => readCursor(page.after))
    return ask(text, column(pages, 'id'), column(after, 0), column(after, 1))
  }
  return ways
}

const distinct = (ids) => [...new Set(ids)]

// Drivers return a bigint as a string, callers may have numbers: compare as strings.
function group(ids, key, rows) {
  const groups = new Map(ids.map((id) => [String(id), []]))
  for (const row of rows) groups.get(String(row[key])).push(row)
  return ids.map((id) => groups.get(String(id)))
}

const writeCursor = (row) => Buffer.from(JSON.stringify([row.cursor_date, row.id])).toString('base64')
const readCursor = (cursor) => cursor ? JSON.parse(Buffer.from(cursor, 'base64')) : [null, null]

function connection(after, rows) {
  const edges = rows.slice(0, 5).map((node) => ({ cursor: writeCursor(node), node }))
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > 5,
      hasPreviousPage: after != null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null
    }
  }
}
