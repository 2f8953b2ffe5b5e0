# What tests and benchmark share: the connection that PGHOST and the like name, the migration, a
# count of statements.
require "oj"
require_relative "models"

module Database
  def self.open
    ActiveRecord::Base.establish_connection(adapter: "postgresql", database: ENV.fetch("PGDATABASE"))
    ActiveRecord::Migration.verbose = false
    ActiveRecord::MigrationContext.new(File.join(__dir__, "migrations"), ActiveRecord::SchemaMigration).migrate
    [Reporter, Article, ArticlePublication, Publication].each(&:columns) # read the catalog now, not in the middle of a measurement
  end

  # Statements that the block sends, but for those that ask for the schema.
  def self.statements
    sent = 0
    count = ->(*, payload) { sent += 1 unless payload[:name] == "SCHEMA" }
    ActiveSupport::Notifications.subscribed(count, "sql.active_record") { yield }
    sent
  end
end
