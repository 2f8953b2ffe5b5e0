// bench ROUNDS [NAME]: see ../README.md.  Each way of a cell once a round, by turns.
import DataLoader from 'dataloader'
import { close, knex, pool, readKeys, rowsOf, sql, statements } from './database.js'
import * as nodePostgres from './loaders.js'
import * as postgresJs from './postgresjs.js'
import { byHand, grouped, naive } from './ways.js'

const rounds = Number(process.argv[2] ?? 30)
const wanted = process.argv[3] ?? ''
const warmUp = 5

await knex.migrate.latest()
const keys = await readKeys()

// Every reporter's second page: each key has a cursor of its own.
const firstPages = await nodePostgres.makeLoaders(pool).page(5).loadMany(keys.reporters.map((id) => ({ id })))
const secondPages = keys.reporters.map((id, i) => ({ id, after: firstPages[i].pageInfo.endCursor }))
const ownFirst = await naive(rowsOf['node-postgres']).page(keys.reporters.map((id) => ({ id })))
const ownSecond = keys.reporters.map((id, i) => ({ id, after: ownFirst[i].pageInfo.endCursor }))

const cells = {
  '500 reporters, all articles': ['articles', keys.reporters],
  '500 reporters, newest 5 articles': ['newest', keys.reporters],
  '500 articles, their reporter': ['reporter', keys.authors],
  '500 articles, their publications': ['publications', keys.articles],
  '500 reporters, a connection page': ['page', ownSecond, secondPages]
}

// A loader for each run, as for each request.
const inLoader = (load) => (keys) => new DataLoader(load).loadMany(keys)

function ways(name) {
  const ways = {}
  for (const driver of ['node-postgres', 'postgres.js']) {
    const query = rowsOf[driver]
    ways[`N+1 (${driver})`] = naive(query)[name]
    if (driver === 'node-postgres') {
      ways['N+1, 10 connections (node-postgres)'] = naive(rowsOf['node-postgres, 10 connections'])[name]
    }
    ways[`= ANY and a Map (${driver})`] = inLoader(grouped(query)[name])
    ways[`json_agg by hand (${driver})`] = inLoader(byHand(query)[name])
  }
  const page = name === 'page'
  ways['dataloader (node-postgres)'] = (keys) => {
    const loaders = nodePostgres.makeLoaders(pool)
    return (page ? loaders.page(5) : loaders[name]).loadMany(keys)
  }
  ways['dataloader (postgres.js)'] = (keys) => postgresJs.makeLoaders(sql)[name].loadMany(keys)
  return ways
}

for (const [cell, [name, keys, ourKeys = keys]] of Object.entries(cells)) {
  if (!cell.includes(wanted)) continue
  const all = Object.entries(ways(name))
  for (let round = -warmUp; round < rounds; round++) {
    for (const [way, run] of all) {
      const sent = statements.sent
      const start = process.hrtime.bigint()
      const values = await run(way.startsWith('dataloader') ? ourKeys : keys)
      const milliseconds = Number(process.hrtime.bigint() - start) / 1e6
      const failed = values.find((value) => value instanceof Error)
      if (failed) throw failed
      if (round >= 0) console.log(`${cell}\t${way}\t${statements.sent - sent}\t${milliseconds}`)
    }
  }
}
await close()
