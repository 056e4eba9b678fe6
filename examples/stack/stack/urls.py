from django.urls import path

from targets import views

urlpatterns = [
    path("", views.index),
    path("version/", views.version),
    path("healthz", views.healthz),
    path("media/<path:path>", views.media),
]
