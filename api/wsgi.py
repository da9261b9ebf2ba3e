"""What gunicorn serves: `gunicorn api.wsgi:app`."""

from __future__ import annotations

from api import create_app
from services.settings import Settings

app = create_app(Settings())
