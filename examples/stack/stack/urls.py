from django.urls import path

from targets import views

urlpatterns = [
    path("", views.index),
    path("version/", views.version),
    path("fragments/", views.fragments),
    path("healthz", views.healthz),
    path("media/<path:path>", views.media),
]
