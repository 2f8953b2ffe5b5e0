import os

# The database is the one that libpq's own variables name.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("PGDATABASE", "blog"),
        "HOST": os.environ.get("PGHOST", ""),
        "PORT": os.environ.get("PGPORT", ""),
        "USER": os.environ.get("PGUSER", ""),
    }
}
INSTALLED_APPS = ["starter"]
ROOT_URLCONF = "service.urls"
ALLOWED_HOSTS = ["localhost", "testserver"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
SECRET_KEY = os.environ.get("SECRET_KEY", "for an example only")
