"""FLUX.1 pictures of the prompts in a Spark table, from classic PySpark and Spark Connect.

The session needs ``fluxspark-jobs.jar`` and
``spark.sql.extensions=io.fluxspark.spark.FluxSparkExtensions``; ``docs/sql.md`` says how.
"""

from ._generate import generate
from ._show import ContactSheet, show

__all__ = ["ContactSheet", "generate", "show"]
