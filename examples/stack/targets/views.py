from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.static import serve

from targets.graph import MOST_ROWS, GraphError, molecules, neighbours
from targets.media import media_files
from targets.models import Heartbeat, Target
from targets.startup import pending_migrations


def about():
    """What runs. `version` is the tag the build was pushed with: a promotion gives this very image further names later."""
    build = settings.BUILD["build"]
    return {"build": build, "version": f"latest-{build}", "commit": settings.BUILD["commit"]}


@require_safe
def index(request):
    targets = [{"row": target, "media": media_files(target.name)} for target in Target.objects.all()]
    context = {"about": about(), "targets": targets, "heartbeats": Heartbeat.objects.all(), "media_url": settings.MEDIA_URL}
    return render(request, "targets/index.html", context)


@require_safe
def version(request):
    return JsonResponse(about())


@require_safe
def fragments(request):
    """The only page that asks the graph: the others are there without it."""
    context = {"smiles": request.GET.get("smiles", "")[:500].strip(), "most": MOST_ROWS}
    if not settings.NEO4J_URL:
        return render(request, "targets/fragments.html", {**context, "problem": "This stack has no graph."})
    try:
        context["rows"] = neighbours(context["smiles"]) if context["smiles"] else molecules()
    except GraphError as error:
        problem = f"No fragments now: {error}. Everything else is here as ever."
        return render(request, "targets/fragments.html", {**context, "problem": problem}, status=503)
    return render(request, "targets/fragments.html", context)


@require_safe
def media(request, path):
    """A busier stack has these files served by nginx; the addresses stay."""
    return serve(request, path, document_root=settings.MEDIA_ROOT)


@require_safe
def healthz(request):
    """Ready: the database answers, and its schema is at least this image's."""
    try:
        pending = pending_migrations(connection)
    except DatabaseError:  # its text may name host and user
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    if pending:
        return HttpResponse(f"migrations to apply: {', '.join(pending)}\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
