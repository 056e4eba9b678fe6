"""Everything a project may change comes from its environment; the build comes from the image."""

import json
import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

# Written by the Dockerfile from the build arguments that build-and-tag gives to every build; not there outside an image.
BUILD_FILE = BASE_DIR / "build.json"
BUILD = json.loads(BUILD_FILE.read_text()) if BUILD_FILE.exists() else {"build": 0, "commit": "unknown"}

# Nothing here is signed. A stack with sessions takes its key from the secret fs-web-secrets.
SECRET_KEY = get_random_secret_key()
DEBUG = False
# Probes come by the pod's address, people through a Service or a route: the cluster decides who gets here.
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = ["targets"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
ROOT_URLCONF = "stack.urls"
WSGI_APPLICATION = "stack.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
USE_TZ = True
TIME_ZONE = "UTC"

MEDIA_URL = "/media/"
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", "/code/media"))

# The fragment network, such as http://graph:7474, and NAME/PASSWORD or none; without an address the stack has no graph.
NEO4J_URL = os.environ.get("NEO4J_URL", "")
NEO4J_AUTH = os.environ.get("NEO4J_AUTH", "none")

if os.environ.get("DATABASE_ENGINE") == "sqlite":  # tests, and a look at the pages without a server
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SQLITE_FILE", ":memory:")}}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.mysql",
            "HOST": os.environ.get("MYSQL_HOST", "mysql"),
            "PORT": os.environ.get("MYSQL_PORT", "3306"),
            "NAME": os.environ.get("MYSQL_DATABASE", ""),
            "USER": os.environ.get("MYSQL_USER", ""),
            "PASSWORD": os.environ.get("MYSQL_PASSWORD", ""),
            "OPTIONS": {"charset": "utf8mb4", "connect_timeout": 3},
        }
    }
