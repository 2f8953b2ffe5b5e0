// An article whose id is 2^53 + 1, loaded with its reporter: through the relations of two query
// builders, which have PostgreSQL make JSON of them, and in a batch.
// Fails unless both builders give another id, without an error.
import assert from 'node:assert/strict'
import { relations } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { bigint, pgTable, text } from 'drizzle-orm/pg-core'
import { Kysely, PostgresDialect } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import pg from 'pg'

const huge = 9007199254740993n

const reporter = pgTable('reporter', { id: bigint({ mode: 'bigint' }).primaryKey() })
const article = pgTable('article', {
  id: bigint({ mode: 'bigint' }).primaryKey(),
  headline: text(),
  reporterId: bigint('reporter_id', { mode: 'bigint' })
})
const schema = {
  reporter,
  article,
  reporterRelations: relations(reporter, ({ many }) => ({ articles: many(article) })),
  articleRelations: relations(article, ({ one }) => ({
    reporter: one(reporter, { fields: [article.reporterId], references: [reporter.id] })
  }))
}

const pool = new pg.Pool({ max: 1, options: '-c dataloader.json_bigints=string' })
await pool.query('BEGIN')
await pool.query(`INSERT INTO reporter VALUES (${huge}, 'Ada', 'Huge', 'ada@example.org')`)
await pool.query(`INSERT INTO article VALUES (${huge}, 'Huge', '', '2024-03-01', ${huge})`)

const db = drizzle(pool, { schema })
const [{ articles: [ofDrizzle] }] = await db.query.reporter.findMany({
  where: (reporter, { eq }) => eq(reporter.id, huge),
  with: { articles: true }
})

const kysely = new Kysely({ dialect: new PostgresDialect({ pool }) })
const [{ articles: [ofKysely] }] = await kysely.selectFrom('reporter').where('id', '=', String(huge)).select((builder) =>
  jsonArrayFrom(builder.selectFrom('article').select('article.id').whereRef('article.reporter_id', '=', 'reporter.id'))
    .as('articles')).execute()

const { rows: [{ batch: [[ours]] }] } = await pool.query(
  `SELECT dataloader.load_many_json('article', $1, by => 'reporter_id') AS batch`, [[huge]])

await pool.query('ROLLBACK')
await pool.end()

console.log(`stored: ${huge}`)
console.log(`Drizzle, column of mode 'bigint', with: { articles: true }: ${ofDrizzle.id}`)
console.log(`Kysely, jsonArrayFrom: ${ofKysely.id}`)
console.log(`batch, json_bigints = string: ${ours.id}`)
assert.equal(typeof ofDrizzle.id, 'bigint')
assert.notEqual(ofDrizzle.id, huge)
assert.notEqual(String(ofKysely.id), String(huge))
assert.equal(ours.id, String(huge))
