from django.urls import path

from starter.views import articles, graphql

urlpatterns = [path("graphql/<slug:way>", graphql), path("articles", articles)]
