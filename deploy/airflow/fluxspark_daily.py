"""A table of prompts a day becomes pictures: wait, plan, generate, check the report, publish.

For a Spark that this worker reaches with spark-submit: the connection spark_default names the master, the environment
variables FLUXSPARK_JAR and SPARK_HOME the fat jar and Spark 4.1. docs/clusters.md says how to set it up.
"""

import os
from datetime import datetime, timedelta

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import dag

from fluxspark_common import PARAMS, alert, arguments, prompts, publish, report


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


@dag(
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # Two runs must not write one output; days do not share one, but a cleared day could.
    max_active_runs=1,
    params=PARAMS,
    default_args={"on_failure_callback": alert},
)
def fluxspark_daily():
    # A request that is wrong is found here, in seconds, and is not tried again.
    plan = spark_submit("plan", retries=0)
    generate = spark_submit("generate", retries=3, retry_delay=timedelta(minutes=5))
    summary = report()
    prompts() >> plan >> generate >> summary
    publish(summary)


fluxspark_daily()
