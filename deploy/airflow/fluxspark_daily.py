"""A table of prompts a day becomes pictures: wait, plan, generate, check the report, publish.

For a Spark that this worker reaches with spark-submit: the connection spark_default names the master, the environment
variables FLUXSPARK_JAR and SPARK_HOME the fat jar and Spark 4.1. docs/clusters.md says how to set it up.
"""

import os

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import dag

from fluxspark_common import DAG, arguments, tasks_of_a_day


def spark_submit(command: str, **settings) -> SparkSubmitOperator:
    home = os.environ.get("SPARK_HOME")
    return SparkSubmitOperator(
        task_id=command,
        name="fluxspark {{ ds }}",
        application=os.environ.get("FLUXSPARK_JAR", "/opt/fluxspark/fluxspark-jobs.jar"),
        java_class="io.fluxspark.jobs.Main",
        application_args=arguments(command),
        spark_binary=f"{home}/bin/spark-submit" if home else None,
        properties_file=os.environ.get("FLUXSPARK_PROPERTIES"),
        **settings,
    )


@dag(**DAG)
def fluxspark_daily():
    tasks_of_a_day(spark_submit)


fluxspark_daily()
