"""The same day's work as fluxspark_daily, as a SparkApplication of the Kubeflow operator.

FLUXSPARK_APPLICATION names its file (deploy/kubernetes/spark-application.yaml); what it says counts, but for the job's
arguments. prompts and output must be folders that Airflow and the pods both see, such as s3://.
"""

import os
from pathlib import Path

import yaml
from airflow.providers.cncf.kubernetes.operators.spark_kubernetes import SparkKubernetesOperator
from airflow.sdk import dag

from fluxspark_common import DAG, arguments, tasks_of_a_day

APPLICATION = Path(
    os.environ.get(
        "FLUXSPARK_APPLICATION",
        Path(__file__).resolve().parent.parent / "kubernetes" / "spark-application.yaml",
    )
)


def spark_application(command: str, **settings) -> SparkKubernetesOperator:
    application = yaml.safe_load(APPLICATION.read_text())
    application["spec"]["arguments"] = arguments(command)
    # Airflow tries again: it knows when, and how often.
    application["spec"]["restartPolicy"] = {"type": "Never"}
    return SparkKubernetesOperator(
        task_id=command,
        name=f"fluxspark-{command}",
        namespace=application["metadata"]["namespace"],
        template_spec=application,
        get_logs=True,
        # A worker that was lost finds the driver again instead of starting a second one.
        reattach_on_restart=True,
        **settings,
    )


@dag(**DAG)
def fluxspark_kubernetes():
    tasks_of_a_day(spark_application)


fluxspark_kubernetes()
