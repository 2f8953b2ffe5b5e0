from django.contrib.postgres.operations import CreateExtension
from django.db import migrations


class Migration(migrations.Migration):
    """Needs a superuser, unless the extension is there: then nothing is done."""

    dependencies = []
    operations = [CreateExtension("dataloader")]
