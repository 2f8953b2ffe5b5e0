from django.db import models


class Reporter(models.Model):
    first_name = models.CharField(max_length=30)
    last_name = models.CharField(max_length=30)
    email = models.EmailField()

    class Meta:
        indexes = [models.Index(fields=["last_name", "first_name", "id"], name="reporter_names")]


class Publication(models.Model):
    title = models.CharField(max_length=30)


class Article(models.Model):
    headline = models.CharField(max_length=100)
    body = models.TextField()
    pub_date = models.DateField()
    reporter = models.ForeignKey(Reporter, models.CASCADE)
    publications = models.ManyToManyField(Publication)

    class Meta:
        indexes = [models.Index(fields=["reporter", "-pub_date", "id"], name="article_newest")]
