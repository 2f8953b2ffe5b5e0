from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    help = "Copies the data of examples/blog.sql, in the same database, into the tables of the models."

    def handle(self, **options):
        with connection.cursor() as cursor:
            for target, source in (
                ("starter_reporter (id, first_name, last_name, email)", "reporter"),
                ("starter_publication (id, title)", "publication"),
                ("starter_article (id, headline, body, pub_date, reporter_id)", "article"),
                ("starter_article_publications (id, article_id, publication_id)", "article_publication"),
            ):
                table, columns = target.split(" ", 1)
                rows = f"SELECT {columns[1:-1]} FROM {source} ORDER BY id"
                cursor.execute(f"INSERT INTO {target} {rows} ON CONFLICT DO NOTHING")
                cursor.execute(f"VACUUM ANALYZE {table}")
