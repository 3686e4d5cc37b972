"""Load models as the workflow does: the public names of `inference.models`."""

from .inference.models import *  # noqa: F403
