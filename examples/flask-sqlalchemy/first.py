from sqlalchemy import JSON, create_engine, text

articles_of = text(
    "SELECT dataloader.load_many_json('article', :ids, by => 'reporter_id', order_by => 'id') AS batch"
).columns(batch=JSON)

engine = create_engine("postgresql+psycopg2://")
with engine.connect() as connection:
    print(connection.scalar(articles_of, {"ids": [3, 2, 1]}))
