// Reporters, articles and publications as GraphQL: schema first, a resolver for each edge.
import { buildSchema } from 'graphql'

export const schema = buildSchema(`
  type Query {
    reporters(first: Int = 20): [Reporter!]!
    reporter(id: ID!): Reporter
    articles(first: Int = 20): [Article!]!
  }
  type Reporter {
    id: ID!
    name: String!
    email: String!
    articleCount: Int!
    newest: [Article!]!
    articles(first: Int = 20, after: String): ArticleConnection!
  }
  type Article {
    id: ID!
    headline: String!
    body: String!
    pubDate: String!
    reporter: Reporter!
    publications: [Publication!]!
  }
  type Publication { id: ID!, title: String! }
  type ArticleConnection { edges: [ArticleEdge!]!, pageInfo: PageInfo!, totalCount: Int! }
  type ArticleEdge { cursor: String!, node: Article! }
  type PageInfo { hasNextPage: Boolean!, hasPreviousPage: Boolean!, startCursor: String, endCursor: String }
`)

const atMost = 500
const list = async (db, text, first) => (await db.query(text, [Math.min(first, atMost)])).rows

// Rows are objects with the names of their columns; fields of these names need no resolver.
const resolvers = {
  Query: {
    reporters: (_, { first }, { db }) => list(db, 'SELECT * FROM reporter ORDER BY id LIMIT $1', first),
    articles: (_, { first }, { db }) => list(db, `SELECT id, headline, body, pub_date::text, reporter_id
                                                  FROM article ORDER BY id DESC LIMIT $1`, first),
    reporter: (_, { id }, { loaders }) => loaders.reporter.load(id)
  },
  Reporter: {
    name: (reporter) => `${reporter.first_name} ${reporter.last_name}`,
    articleCount: (reporter, _, { loaders }) => loaders.articleCount.load(reporter.id),
    newest: (reporter, _, { loaders }) => loaders.newest.load(reporter.id),
    articles: async ({ id }, { first, after }, { loaders }) =>
      ({ id, ...await loaders.page(Math.min(first, atMost)).load({ id, after }) })
  },
  ArticleConnection: {
    totalCount: ({ id }, _, { loaders }) => loaders.articleCount.load(id)
  },
  Article: {
    pubDate: (article) => article.pub_date,
    reporter: (article, _, { loaders }) => loaders.reporter.load(article.reporter_id),
    publications: (article, _, { loaders }) => loaders.publications.load(article.id)
  }
}

for (const [type, fields] of Object.entries(resolvers)) {
  for (const [field, resolve] of Object.entries(fields)) {
    schema.getType(type).getFields()[field].resolve = resolve
  }
}
