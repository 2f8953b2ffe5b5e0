// What tests and benchmark share: connections as PGHOST and the like say, the migration, the
// keys, a count of statements.
import Knex from 'knex'
import pg from 'pg'
import postgres from 'postgres'
import knexfile from './knexfile.js'

export const statements = { sent: 0 }

class CountingClient extends pg.Client {
  query(...args) {
    statements.sent++
    return super.query(...args)
  }
}

// One connection, as for a request that reads in one transaction.
export const pool = new pg.Pool({ Client: CountingClient, max: 1 })
export const poolOf10 = new pg.Pool({ Client: CountingClient, max: 10 })
export const sql = postgres({ max: 1, debug: () => statements.sent++ })
export const knex = Knex(knexfile)
knex.on('query', () => statements.sent++)

export const close = () => Promise.all([pool.end(), poolOf10.end(), sql.end(), knex.destroy()])

// query(text, values) of either driver: a promise of rows
export const rowsOf = {
  'node-postgres': async (text, values) => (await pool.query(text, values)).rows,
  'node-postgres, 10 connections': async (text, values) => (await poolOf10.query(text, values)).rows,
  'postgres.js': (text, values) => sql.unsafe(text, values, { prepare: true })
}

// node-postgres's loaders are made with pages of any size: here, of 5.
export const withPagesOf5 = (loaders) => ({ ...loaders, page: loaders.page(5) })

// The 500 reporters of ../README.md, and the first 500 of their articles.
export async function readKeys() {
  const query = rowsOf['node-postgres']
  const reporters = ids(await query('SELECT id FROM reporter ORDER BY last_name, first_name, id LIMIT 500'))
  const articles = await query(
    'SELECT id, reporter_id FROM article WHERE reporter_id = ANY ($1) ORDER BY id LIMIT 500', [reporters])
  return { reporters, articles: ids(articles), authors: articles.map((article) => article.reporter_id) }
}

const ids = (objects) => objects.map((object) => object.id)
