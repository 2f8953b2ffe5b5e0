// In schema dataloader, used by all roles; needs a superuser, or CREATE on the database where the
// extension is trusted.
export const up = (knex) => knex.raw('CREATE EXTENSION dataloader')
export const down = (knex) => knex.raw('DROP EXTENSION dataloader')
