// The same batch functions through Knex: raw() takes `?` for a parameter, and an array is one value.
import DataLoader from 'dataloader'

export const makeLoaders = (knex) => ({
  articles: new DataLoader(async (ids) => (await knex.raw(
    `SELECT dataloader.load_many_json('article', ?, by => 'reporter_id', order_by => 'id') AS batch`, [ids])).rows[0].batch),

  reporter: new DataLoader(async (ids) => (await knex.raw(
    `SELECT dataloader.load_one_json('reporter', ?) AS batch`, [ids])).rows[0].batch)
})
