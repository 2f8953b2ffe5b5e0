import { fileURLToPath } from 'node:url'

export default {
  client: 'pg',
  connection: {}, // PGHOST, PGDATABASE and the like
  pool: { min: 0, max: 1 },
  migrations: { directory: fileURLToPath(new URL('migrations', import.meta.url)) }
}
