// Everything is in schema dataloader, which all roles may use.  Needs a superuser.
export const up = (knex) => knex.raw('CREATE EXTENSION dataloader')
export const down = (knex) => knex.raw('DROP EXTENSION dataloader')
