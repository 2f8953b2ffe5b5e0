// bench ROUNDS [NAME]: see ../README.md.  Each way of a cell once a round, by turns; the cells
// once for each driver.  The keys are at hand, as they are for a batch function.
import DataLoader from 'dataloader'
import { close, knex, pool, readKeys, rowsOf, sql, statements, withPagesOf5 } from './database.js'
import * as nodePostgres from './loaders.js'
import * as postgresJs from './postgresjs.js'
import { byHand, grouped, naive } from './ways.js'

const rounds = Number(process.argv[2] ?? 30)
const wanted = process.argv[3] ?? ''
const warmUp = 5

await knex.migrate.latest()
const keys = await readKeys()

// Every reporter's second page: each key has a cursor of its own.
const firstPages = keys.reporters.map((id) => ({ id }))
const secondPages = (pages) => pages.map((page, i) => ({ id: keys.reporters[i], after: page.pageInfo.endCursor }))
const ourPages = secondPages(await nodePostgres.makeLoaders(pool).page(5).loadMany(firstPages))
const theirPages = secondPages(await grouped(rowsOf['node-postgres']).page(firstPages))

const cells = {
  '500 reporters, all articles': ['articles', keys.reporters],
  '500 reporters, newest 5 articles': ['newest', keys.reporters],
  '500 articles, their reporter': ['reporter', keys.authors],
  '500 articles, their publications': ['publications', keys.articles],
  '500 reporters, a connection page': ['page', theirPages, ourPages]
}
const ours = {
  'node-postgres': (make = nodePostgres.makeLoaders) => withPagesOf5(make(pool)),
  'postgres.js': (make = postgresJs.makeLoaders, options) => make(sql, options)
}
const large = { 'node-postgres': nodePostgres.makeLargeLoaders, 'postgres.js': postgresJs.makeLargeLoaders }

// A loader for each run, as for each request.
const inLoader = (load) => (keys) => new DataLoader(load).loadMany(keys)

function ways(driver, name, theirs, mine) {
  const query = rowsOf[driver]
  const ways = { 'N+1': () => naive(query)[name](theirs) }
  if (driver === 'node-postgres') {
    ways['N+1, 10 connections'] = () => naive(rowsOf['node-postgres, 10 connections'])[name](theirs)
  }
  ways['= ANY or LATERAL, and a Map'] = () => inLoader(grouped(query)[name])(theirs)
  ways['json_agg by hand'] = () => inLoader(byHand(query)[name])(theirs)
  ways.dataloader = () => ours[driver]()[name].loadMany(mine)
  if (name in ours[driver](large[driver])) {
    ways['dataloader, 16 keys a row'] = () => ours[driver](large[driver])[name].loadMany(mine)
  } else if (driver === 'postgres.js') {
    ways['dataloader, maxBatchSize 64'] = () => ours[driver](undefined, { maxBatchSize: 64 })[name].loadMany(mine)
  }
  return ways
}

// What the body of a response is made of.
const response = {
  'node-postgres': {
    '= ANY and a Map, JSON.stringify': async () => JSON.stringify(await grouped(rowsOf['node-postgres']).articles(keys.reporters)),
    'json_agg by hand, ::text': () => byHandText(keys.reporters),
    'dataloader, ::text': () => nodePostgres.articlesAsText(pool, keys.reporters)
  },
  'postgres.js': {
    '= ANY and a Map, JSON.stringify': async () => JSON.stringify(await grouped(rowsOf['postgres.js']).articles(keys.reporters)),
    'dataloader, bytes': () => postgresJs.articlesAsBytes(sql, keys.reporters)
  }
}
const byHandText = (ids) => byHand(async (text, values) =>
  rowsOf['node-postgres'](`SELECT batch::text FROM (${text}) b`, values)).articles(ids)

async function measure(cell, ways) {
  if (!cell.includes(wanted)) return
  for (let round = -warmUp; round < rounds; round++) {
    for (const [way, run] of Object.entries(ways)) {
      const sent = statements.sent
      const start = process.hrtime.bigint()
      const values = await run()
      const milliseconds = Number(process.hrtime.bigint() - start) / 1e6
      if (values[0] instanceof Error) throw values[0] // of loadMany
      if (round >= 0) console.log(`${cell}\t${way}\t${statements.sent - sent}\t${milliseconds}`)
    }
  }
}

for (const driver of ['node-postgres', 'postgres.js']) {
  for (const [cell, [name, theirs, mine = theirs]] of Object.entries(cells)) {
    await measure(`${cell} (${driver})`, ways(driver, name, theirs, mine))
  }
  await measure(`500 reporters, all articles, an HTTP response (${driver})`, response[driver])
}
await close()
