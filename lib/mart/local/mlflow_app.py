"""MLflow's web application with its tables made: two first clients at once would both make them, and one would fail."""

from mlflow.server import handlers
from mlflow.server.fastapi_app import app

handlers._get_tracking_store()  # uvicorn opens its door once this module is imported
handlers._get_model_registry_store()

__all__ = ["app"]
