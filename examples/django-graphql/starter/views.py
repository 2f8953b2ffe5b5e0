import json

from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from starter.batch import load_many_text
from starter.loaders import Loaders, NoLoaders
from starter.models import Article
from starter.schema import schema
from starter.ways import dataloader, in_filter, naive

# What a service has one of, for each of the ways to load.
CONTEXTS = {
    "naive": lambda: NoLoaders(naive),
    "in-filter": lambda: Loaders(in_filter),
    "dataloader": lambda: Loaders(dataloader),
}


@csrf_exempt
@require_POST
def graphql(request, way):
    if way not in CONTEXTS:
        raise Http404
    body = json.loads(request.body)
    result = schema.execute(body["query"], variables=body.get("variables"), context=CONTEXTS[way]())
    answer = {"data": result.data}
    if result.errors:
        answer["errors"] = [{"message": str(error)} for error in result.errors]
    return JsonResponse(answer, status=400 if result.errors else 200)


@require_GET
def articles(request):
    """/articles?reporters=7,1,9: a list of articles for each; no Python object is made of them."""
    try:
        ids = [int(id) for id in request.GET.get("reporters", "").split(",") if id]
    except ValueError:
        return HttpResponseBadRequest("reporters are numbers")
    text = load_many_text(Article, ids[:500], by="reporter_id", order_by="id")
    return HttpResponse(text, content_type="application/json")
