from django.db import connection

def articles_of(reporter_ids):
    with connection.cursor() as cursor:
        cursor.execute("SELECT dataloader.load_many_json('starter_article', %s, by => 'reporter_id', order_by => 'id')",
                       [reporter_ids])
        return cursor.fetchone()[0]

print(articles_of([3, 2, 1]))
