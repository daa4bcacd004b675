"""Pictures of a prompt table by diffusers in PySpark's mapInPandas: with_pyspark.py MODEL PROMPTS.csv OUTPUT WORKERS"""
import sys
from pathlib import Path

from pyspark.sql import SparkSession


def main(model, prompts, output, workers):
    workers = int(workers)
    spark = (SparkSession.builder.master(f"local[{workers}]")
             .config("spark.ui.enabled", "false")
             .config("spark.sql.execution.arrow.maxRecordsPerBatch", "4").getOrCreate())
    folder = str(Path(__file__).resolve().parent)

    def generate(batches):
        sys.path.insert(0, folder)
        from pictures import pictures, pipeline, threads_each
        pipe = pipeline(model, threads_each(workers))
        for batch in batches:
            yield batch.assign(image=pictures(pipe, batch["prompt"], batch["seed"]))

    rows = spark.read.csv(prompts, header=True, schema="id string, prompt string, seed long").repartition(workers)
    rows.mapInPandas(generate, "id string, prompt string, seed long, image binary").write.parquet(output)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
