// The loaders of each driver against N+1, `= ANY` with a Map, and JSON made by hand: the same
// values at the same positions, in one statement.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { graphql } from 'graphql'
import pg from 'pg'
import { close, knex, pool, readKeys, rowsOf, sql, statements, withPagesOf5 } from './database.js'
import * as knexLoaders from './knex.js'
import { articlesAsText, makeLargeLoaders, makeLoaders } from './loaders.js'
import * as postgresJs from './postgresjs.js'
import { schema } from './schema.js'
import { makeServer } from './server.js'
import { byHand, grouped, naive } from './ways.js'

let keys
before(async () => {
  await knex.migrate.latest()
  await sql`SELECT 1` // postgres.js asks for the types of a new connection's database
  keys = await readKeys()
})
after(close)

// Drivers return bigint as text and dates as Date; JSON has numbers and text.  Positions and
// cursors are the own matter of each way.
const aside = new Set(['article_id', 'ord', 'cursor_date', 'cursor', 'startCursor', 'endCursor'])
const plain = (values) => JSON.parse(JSON.stringify(values, (name, value) => {
  if (aside.has(name)) return undefined
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? value.replace('T00:00:00.000Z', '') : value
}))

// Compared as text first: a difference of 500 keys is slow to print.
function assertSame(actual, expected) {
  const [a, b] = [plain(actual), plain(expected)]
  const i = a.findIndex((value, i) => JSON.stringify(value) !== JSON.stringify(b[i]))
  assert.equal(a.length, b.length)
  if (i >= 0) assert.deepEqual({ position: i, value: a[i] }, { position: i, value: b[i] })
}

async function counted(run) {
  const sent = statements.sent
  return { result: await run(), sent: statements.sent - sent }
}

const firstPages = (ids) => ids.map((id) => ({ id }))
const cells = {
  articles: () => keys.reporters,
  newest: () => keys.reporters,
  reporter: () => keys.authors,
  publications: () => keys.articles,
  page: () => firstPages(keys.reporters)
}
const drivers = {
  'node-postgres': () => withPagesOf5(makeLoaders(pool)),
  'node-postgres, 16 keys a row': () => withPagesOf5(makeLargeLoaders(pool)),
  'postgres.js': () => postgresJs.makeLoaders(sql),
  'postgres.js, 16 keys a row': () => postgresJs.makeLargeLoaders(sql),
  knex: () => knexLoaders.makeLoaders(knex)
}

for (const [name, keysOf] of Object.entries(cells)) {
  for (const [driver, loaders] of Object.entries(drivers)) {
    if (!(name in loaders())) continue
    test(`${driver}, ${name}: one statement, the values of 500`, async () => {
      const query = rowsOf[driver] ?? rowsOf['node-postgres']
      const ours = await counted(() => loaders()[name].loadMany(keysOf()))
      const each = await counted(() => naive(query)[name](keysOf()))
      assert.equal(ours.sent, 1)
      assert.equal(each.sent, 500)
      assertSame(ours.result, each.result)
      assertSame(ours.result, await grouped(query)[name](keysOf()))
      assertSame(ours.result, await byHand(query)[name](keysOf()))
    })
  }
}

const idsOf = (lists) => lists.map((list) => list.map((object) => object.id))

test('missing and repeated keys keep their positions', async () => {
  const { articles, reporter, publications } = makeLoaders(pool)
  const [busy] = keys.authors
  const asked = [busy, 999999, busy, String(busy), 0]
  const found = await articles.loadMany(asked)
  assert.ok(found[0].length > 0)
  assert.deepEqual(idsOf(found), idsOf([found[0], [], found[0], found[0], []]))
  assert.deepEqual((await reporter.loadMany(asked)).map((one) => one && String(one.id)), [busy, null, busy, busy, null])
  assert.deepEqual(await publications.loadMany([0, -1]), [[], []])
})

test('a NULL key matches nothing, an empty batch is empty', async () => {
  const newest = `SELECT dataloader.load_many_json('article', $1, by => 'reporter_id', order_by => 'id', columns => '{id}') AS batch`
  const [busy] = keys.authors
  for (const send of [
    async (ids) => (await pool.query(newest, [ids])).rows[0].batch,
    async (ids) => (await sql.unsafe(newest, [JSON.stringify(ids)]))[0].batch,
    async (ids) => (await knex.raw(newest.replace('$1', '?'), [ids])).rows[0].batch
  ]) {
    const [first, ...rest] = await send([busy, null, 999999, busy])
    assert.ok(first.length > 0)
    assert.deepEqual(rest, [[], [], first])
    assert.deepEqual(await send([]), [])
  }
})

test('composite keys are sent as JSON', async () => {
  const pairs = await rowsOf['node-postgres']('SELECT article_id, publication_id FROM article_publication ORDER BY id LIMIT 2')
  const asked = [...pairs.map((pair) => [pair.article_id, pair.publication_id]), [1, null], [0, 0]]
  const text = `SELECT dataloader.load_one_json('article_publication', $1, by => 'article_id, publication_id') AS batch`
  for (const query of [rowsOf['node-postgres'], rowsOf['postgres.js']]) {
    const [{ batch }] = await query(text, [JSON.stringify(asked)])
    assert.deepEqual(batch.map((row) => row && [String(row.article_id), String(row.publication_id)]),
      [asked[0], asked[1], null, null])
  }
})

test('a loader may send batches of 64, one behind the other', async () => {
  const { result, sent } = await counted(() => postgresJs.makeLoaders(sql, { maxBatchSize: 64 }).articles.loadMany(keys.reporters))
  assert.equal(sent, 8)
  assertSame(result, await makeLoaders(pool).articles.loadMany(keys.reporters))
})

test('a response may have the text, or the bytes, as they came', async () => {
  const expected = await makeLoaders(pool).articles.loadMany(keys.reporters)
  assertSame(JSON.parse(await articlesAsText(pool, keys.reporters)), expected)
  const bytes = await postgresJs.articlesAsBytes(sql, keys.reporters)
  assert.ok(Buffer.isBuffer(bytes))
  assertSame(JSON.parse(bytes), expected)
})

test('to-one through: the reporter of an article, by the article', async () => {
  const { result, sent } = await counted(() => makeLoaders(pool).reporterOf.loadMany(keys.articles))
  assert.equal(sent, 1)
  assertSame(result, await naive(rowsOf['node-postgres']).reporter(keys.authors))
})

test('counts', async () => {
  const { result, sent } = await counted(() => makeLoaders(pool).articleCount.loadMany(keys.reporters))
  const articles = await naive(rowsOf['node-postgres']).articles(keys.reporters)
  assert.equal(sent, 1)
  assert.deepEqual(result, articles.map((list) => list.length))
})

test('every reporter is paged through with cursors of his own', async () => {
  const ids = keys.reporters.slice(0, 40)
  const all = await rowsOf['node-postgres'](
    'SELECT id, reporter_id FROM article WHERE reporter_id = ANY ($1) ORDER BY pub_date DESC, id', [ids])
  const seen = new Map(ids.map((id) => [id, []]))
  let pages = ids.map((id) => ({ id }))
  let rounds = 0
  const { sent } = await counted(async () => {
    while (pages.length) {
      const connections = await makeLoaders(pool).page(7).loadMany(pages)
      connections.forEach(({ edges }, i) => seen.get(pages[i].id).push(...edges.map((edge) => String(edge.node.id))))
      pages = pages
        .map((page, i) => ({ id: page.id, after: connections[i].pageInfo.endCursor, more: connections[i].pageInfo.hasNextPage }))
        .filter((page) => page.more)
      rounds++
    }
  })
  for (const id of ids) {
    assert.deepEqual(seen.get(id), all.filter((article) => article.reporter_id === id).map((article) => article.id))
  }
  assert.equal(sent, rounds)
  assert.ok(rounds > 2)
})

test('a cursor of another order is refused, for each load of the batch', async () => {
  const loads = await makeLoaders(pool).page(5).loadMany([{ id: 1, after: 'WyJ4Il0=' }, { id: 2 }])
  assert.deepEqual(loads.map((error) => error.code), ['22023', '22023'])
})

test('bigints above 2^53 come as text when the session asks for it', async () => {
  const huge = '9007199254740993'
  const exact = new pg.Pool({ options: '-c dataloader.json_bigints=string' })
  await pool.query(`INSERT INTO publication VALUES (${huge}, 'Huge')`)
  try {
    const text = `SELECT dataloader.load_one_json('publication', $1) AS batch`
    const [rounded] = (await pool.query(text, [[huge]])).rows[0].batch
    assert.notEqual(String(rounded.id), huge)
    assert.deepEqual((await exact.query(text, [[huge]])).rows[0].batch, [{ id: huge, title: 'Huge' }])
  } finally {
    await exact.end()
    await pool.query('DELETE FROM publication WHERE id = $1', [huge])
  }
})

const question = `{
  reporters(first: 100) {
    name
    articleCount
    newest { headline reporter { name } publications { title } }
    articles(first: 5) { edges { node { headline pubDate } } pageInfo { hasNextPage } totalCount }
  }
}`

// Loaders that load each key by itself.
function naiveLoaders() {
  const ways = naive(rowsOf['node-postgres'])
  const one = (load) => ({ load: async (key) => (await load([key]))[0] })
  return {
    newest: one(ways.newest),
    reporter: one(ways.reporter),
    publications: one(ways.publications),
    articleCount: one(async (ids) => (await ways.articles(ids)).map((list) => list.length)),
    page: () => one(async (pages) => (await ways.page(pages)).map((connection) => ({
      ...connection,
      edges: connection.edges.map(({ node }) => ({ node: { ...node, pub_date: node.cursor_date } }))
    })))
  }
}

test('a GraphQL query: the same answer in 6 statements instead of hundreds', async () => {
  const ask = (loaders) => counted(() => graphql({ schema, source: question, contextValue: { db: pool, loaders } }))
  const ours = await ask(makeLoaders(pool))
  const each = await ask(naiveLoaders())
  assert.equal(ours.result.errors, undefined)
  assert.equal(ours.result.data.reporters.length, 100)
  assert.deepEqual(ours.result, each.result)
  assert.equal(ours.sent, 6) // reporters, counts, newest, pages, their reporters, publications
  assert.ok(each.sent > 1000)
})

test('the server answers over HTTP', async () => {
  const server = makeServer(pool).listen(0)
  await once(server, 'listening')
  const post = async (body) => {
    const response = await fetch(`http://localhost:${server.address().port}`, { method: 'POST', body })
    return { status: response.status, ...await response.json() }
  }
  const query = 'query ($id: ID!) { reporter(id: $id) { id articles(first: 1) { totalCount } } }'
  const [expected] = await rowsOf['node-postgres']('SELECT count(*)::int AS n FROM article WHERE reporter_id = $1', [keys.authors[0]])
  const answer = await post(JSON.stringify({ query, variables: { id: keys.authors[0] } }))
  assert.deepEqual(answer, { status: 200, data: { reporter: { id: keys.authors[0], articles: { totalCount: expected.n } } } })
  assert.equal((await post('{')).status, 400)
  server.close()
  server.closeAllConnections()
})

test('the first ten lines of docs/node.md print what N+1 finds', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['first.js'])
  for (const { headline } of (await naive(rowsOf['node-postgres']).articles([3, 2, 1])).flat().slice(0, 3)) {
    assert.ok(stdout.includes(headline))
  }
  assert.ok(readFileSync('first.js', 'utf8').split('\n').length <= 11)
})

// What one copies from the page must be what is tested here.
test('the code of docs/node.md is code of this example', () => {
  const squeeze = (text) => text.replace(/\s+/g, ' ').trim()
  const sources = squeeze([...readdirSync('.'), ...readdirSync('migrations').map((file) => `migrations/${file}`)]
    .filter((file) => file.endsWith('.js')).map((file) => readFileSync(file, 'utf8')).join('\n'))
  const page = readFileSync('../../docs/node.md', 'utf8')
  const blocks = [...page.matchAll(/^```js\n(.*?)^```/gms)].map((match) => match[1])
  assert.ok(blocks.length > 0)
  for (const block of blocks) {
    for (const piece of block.split(/^\/\/ \.\.\.$/m)) assert.ok(sources.includes(squeeze(piece)), piece)
  }
})
