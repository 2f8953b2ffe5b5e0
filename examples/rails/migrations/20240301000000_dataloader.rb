class Dataloader < ActiveRecord::Migration[6.1]
  def change
    enable_extension "dataloader"
  end
end
