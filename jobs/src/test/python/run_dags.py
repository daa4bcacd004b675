"""run_dags.py FOLDER WORK: imports the DAGs and runs the days of WORK/prompts on this machine.

Prints one line a run: the date, the state, and the tasks that did not succeed. Writes the SparkApplication of the
Kubernetes DAG, as Airflow hands it to the operator, to WORK/application.yaml.
"""

import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import yaml

# One stream, line by line, whoever logs to which.
os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
sys.stdout.reconfigure(line_buffering=True)

folder, work = sys.argv[1:]
sys.path.insert(0, folder)
subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, stdout=subprocess.DEVNULL)

from airflow.dag_processing.dagbag import DagBag  # noqa: E402

bag = DagBag(dag_folder=folder)
print("dags", *sorted(bag.dags), *bag.import_errors.values())
# Nothing is stopped early, which Airflow would try again after some minutes.
params = {"prompts": f"file://{work}/prompts", "output": f"file://{work}/pictures", "stop_fraction": 1}

for date in ("2026-03-01", "2026-03-01", "2026-03-02", "2026-03-03"):
    run = bag.dags["fluxspark_daily"].test(
        logical_date=datetime.fromisoformat(date).replace(tzinfo=timezone.utc), run_conf=params
    )
    tasks = sorted(f"{ti.task_id}:{ti.state}" for ti in run.get_task_instances() if ti.state != "success")
    print("run", date, run.state.value, *tasks)

generate = bag.dags["fluxspark_kubernetes"].get_task("generate")
given = {**dict(generate.dag.params), "prompts": "s3://bucket/prompts", "output": "s3://bucket/pictures"}
generate.render_template_fields({"params": given, "ds": "2026-03-01"})
Path(work, "application.yaml").write_text(yaml.safe_dump(generate.template_spec))
