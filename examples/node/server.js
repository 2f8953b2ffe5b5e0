// POST {"query": "...", "variables": {...}} to http://localhost:4000.  The database is that of
// PGHOST, PGDATABASE and the like.
import { createServer } from 'node:http'
import { graphql } from 'graphql'
import pg from 'pg'
import { makeLoaders } from './loaders.js'
import { schema } from './schema.js'

async function answer(pool, request) {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  const { query, variables } = JSON.parse(body)
  return graphql({
    schema,
    source: query,
    variableValues: variables,
    contextValue: { db: pool, loaders: makeLoaders(pool) }
  })
}

export const makeServer = (pool) => createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  answer(pool, request).then(
    (result) => response.end(JSON.stringify(result)),
    (error) => response.writeHead(400).end(JSON.stringify({ errors: [{ message: error.message }] })))
})

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const port = Number(process.env.PORT ?? 4000)
  makeServer(new pg.Pool()).listen(port, () => console.log(`http://localhost:${port}`))
}
