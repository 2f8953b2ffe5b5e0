require "active_record"
require_relative "batches"

class ApplicationRecord < ActiveRecord::Base
  self.abstract_class = true
  self.pluralize_table_names = false
  extend Batches
end

class Reporter < ApplicationRecord
  has_many :articles, -> { order(:id) }
  has_many :newest, -> { order(pub_date: :desc, id: :asc).limit(5) }, class_name: "Article"
end

class Article < ApplicationRecord
  belongs_to :reporter
  has_many :article_publications
  has_many :publications, -> { order(:id) }, through: :article_publications
end

class ArticlePublication < ApplicationRecord
  belongs_to :article
  belongs_to :publication
end

class Publication < ApplicationRecord
end
