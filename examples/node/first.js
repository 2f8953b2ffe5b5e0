import DataLoader from 'dataloader'
import pg from 'pg'

const pool = new pg.Pool()
const batch = async (text, ...values) => (await pool.query(text, values)).rows[0].batch
const articles = new DataLoader((ids) => batch(
  `SELECT dataloader.load_many_json('article', $1, by => 'reporter_id', order_by => 'id') AS batch`, ids))

console.log(await articles.loadMany([3, 2, 1]))
await pool.end()
