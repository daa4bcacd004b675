"""What both DAGs share: where things are, and what is done around the Spark job.

Folders are ObjectStoragePath's (file:///, s3://); Spark calls the same bucket s3a://.
"""

import json
import logging
from datetime import datetime, timedelta

from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk import Asset, ObjectStoragePath, Param, task

PICTURES = Asset("fluxspark-pictures")

PARAMS = {
    "prompts": Param("file:///data/prompts", type="string", description="folder with a table a day, DATE.csv"),
    "output": Param("file:///data/pictures", type="string", description="folder that takes an output a day, DATE/"),
    "model": Param("builtin:tiny", type="string", description="--model"),
    "batch_size": Param(1, type="integer", minimum=1, description="--batch-size"),
    "stop_fraction": Param(0.2, type="number", minimum=0, maximum=1, description="--max-error-fraction: of failed rows, above which a run stops early"),
    "alert_fraction": Param(0.01, type="number", minimum=0, maximum=1, description="of failed rows, above which a day is not published"),
}

PROMPTS_OF_THE_DAY = "{{ params.prompts.replace('s3://', 's3a://') }}/{{ ds }}.csv"
OUTPUT_OF_THE_DAY = "{{ params.output.replace('s3://', 's3a://') }}/{{ ds }}"


def arguments(command: str) -> list[str]:
    """The job's command line; Airflow fills in date and parameters.

    The output is the day's, whatever the run or the try: a retry, or a day that is cleared, goes on where the last one
    stopped, and makes nothing twice.
    """
    return [
        command,
        "--prompts", PROMPTS_OF_THE_DAY,
        "--output", OUTPUT_OF_THE_DAY,
        "--model", "{{ params.model }}",
        "--batch-size", "{{ params.batch_size }}",
        "--max-error-fraction", "{{ params.stop_fraction }}",
    ]  # fmt: skip


def alert(context) -> None:
    """Called when a task has failed for good. Call your pager or mail here."""
    logging.getLogger("fluxspark").error(
        "%s of %s failed: %s", context["ti"].task_id, context.get("ds"), context.get("exception")
    )


@task.sensor(poke_interval=60, timeout=12 * 3600, mode="reschedule", soft_fail=True)
def prompts(params=None, ds=None) -> bool:
    """Waits for the day's table; a day without one is skipped."""
    return (ObjectStoragePath(params["prompts"]) / f"{ds}.csv").exists()


@task(retries=0)
def report(params=None, ds=None) -> dict:
    """Reads what the last run of the day did, and fails where too much went wrong or is missing."""
    output = ObjectStoragePath(params["output"]) / ds
    # Names begin with the time.
    runs = sorted(run.name for run in (output / "_runs").iterdir() if run.name.endswith(".json"))
    if not runs:
        raise AirflowFailException(f"{output}/_runs has no report: the job has not come to its end")
    counts = json.loads((output / "_runs" / runs[-1]).read_text())["counts"]
    there = counts["images_there_before"] + counts["images_made"]
    failed = counts["images_failed_before"] + counts["images_failed"]
    if there + failed != counts["images_distinct"]:
        raise AirflowFailException(f"{runs[-1]}: {there} pictures and {failed} failed are not the {counts['images_distinct']} asked for")
    if counts["error_fraction"] > params["alert_fraction"]:
        raise AirflowFailException(
            f"{runs[-1]}: {counts['error_fraction']:.2%} of the rows failed, more than alert_fraction"
            f" {params['alert_fraction']:.2%}; {output}/_errors says why"
        )
    return {"run": runs[-1].removesuffix(".json"), "pictures": there, "made": counts["images_made"], "failed": failed}


@task(outlets=[PICTURES])
def publish(summary: dict, params=None, ds=None, outlet_events=None) -> str:
    """Says that the day's pictures can be used: a small file that names them, and an event of the asset."""
    published = ObjectStoragePath(params["output"]) / "published"
    published.mkdir(parents=True, exist_ok=True)
    pointer = published / f"{ds}.json"
    pointer.write_text(json.dumps({"data": f"{params['output']}/{ds}/data", **summary}) + "\n")
    outlet_events[PICTURES].extra = {"date": ds, **summary}
    return str(pointer)


DAG = {
    "schedule": "@daily",
    "start_date": datetime(2026, 1, 1),
    "catchup": False,
    # Two runs must not write one output; days do not share one, but a cleared day could.
    "max_active_runs": 1,
    "params": PARAMS,
    "default_args": {"on_failure_callback": alert},
}


def tasks_of_a_day(operator) -> None:
    """Wait, plan, generate, check the report, publish; operator(command, **settings) runs a command of the job."""
    # A request that is wrong is found here, in seconds, and is not tried again.
    plan = operator("plan", retries=0)
    generate = operator("generate", retries=3, retry_delay=timedelta(minutes=5))
    summary = report()
    prompts() >> plan >> generate >> summary
    publish(summary)
