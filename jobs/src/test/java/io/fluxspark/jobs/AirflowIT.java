package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The DAGs of {@code deploy/airflow} in a real Airflow, with a stock Spark on this machine. */
@Tag("clients")
class AirflowIT {
  @TempDir private Path folder;

  @Test
  void aDayBecomesPicturesOnceAndADayThatWentWrongIsNotPublished() throws Exception {
    Workspace workspace = new Workspace(folder.toRealPath());
    workspace.file("prompts/2026-03-01.csv", "id,prompt", "a,a cat", "b,a red heart");
    workspace.file("prompts/2026-03-02.csv", "id,prompt,height", "c,a cat,", "d,the sun,7");
    workspace.file("prompts/2026-03-03.csv", "id,text", "e,a cat");
    Map<String, String> variables = new TreeMap<>();
    variables.put("AIRFLOW_HOME", folder.resolve("airflow").toString());
    variables.put("AIRFLOW__CORE__LOAD_EXAMPLES", "False");
    variables.put("AIRFLOW__CORE__DAGS_FOLDER", Project.path("deploy/airflow").toString());
    variables.put("AIRFLOW_CONN_SPARK_DEFAULT", "{\"conn_type\":\"spark\",\"host\":\"local[2]\"}");
    variables.put("FLUXSPARK_JAR", System.getProperty("fluxspark.jar"));
    variables.put("FLUXSPARK_PROPERTIES", Project.path("conf/laptop.conf").toString());
    variables.put("PYTHONDONTWRITEBYTECODE", "1");
    try (StockSpark spark = new StockSpark(folder.resolve("spark"))) {
      variables.put("SPARK_HOME", spark.home().toString());
    }

    String printed =
        PythonEnvironment.run(
            "airflow",
            variables,
            Files.readString(Project.path("jobs/src/test/python/run_dags.py")),
            Project.path("deploy/airflow").toString(),
            workspace.folder().toString());

    assertThat(printed.lines().filter(line -> line.startsWith("dags ")))
        .containsExactly("dags fluxspark_daily fluxspark_kubernetes");
    assertThat(printed.lines().filter(line -> line.startsWith("run ")))
        .as(printed)
        .containsExactly(
            "run 2026-03-01 success",
            "run 2026-03-01 success",
            "run 2026-03-02 failed publish:upstream_failed report:failed",
            "run 2026-03-03 failed generate:upstream_failed plan:failed publish:upstream_failed"
                + " report:upstream_failed");
    assertThat(printed)
        .contains(
            "fluxspark: error: ",
            "report of 2026-03-02 failed",
            "50.00% of the rows failed, more than alert_fraction 1.00%");
    assertThat(workspace.pixels("pictures/2026-03-01")).hasSize(2);
    assertThat(counts(workspace.folder().resolve("pictures/2026-03-01/_runs")))
        .extracting(counts -> counts.get("images_made").asInt())
        .containsExactly(2, 0);
    assertThat(workspace.folder().resolve("pictures/published"))
        .isDirectoryContaining("glob:**2026-03-01.json")
        .isDirectoryNotContaining("glob:**2026-03-02.json");
    assertThat(Files.readString(workspace.folder().resolve("application.yaml")))
        .contains("- s3a://bucket/prompts/2026-03-01.csv", "- s3a://bucket/pictures/2026-03-01");
    assertThat(checked(workspace.folder().resolve("application.yaml")))
        .containsExactly("SparkApplication fluxspark");
  }

  @Test
  void theManifestsAreWhatKubernetesAndTheOperatorTake() throws Exception {
    List<String> found = new ArrayList<>();
    try (var files = Files.newDirectoryStream(Project.path("deploy/kubernetes"), "*.yaml")) {
      for (Path file : files) {
        found.addAll(checked(file));
      }
    }

    assertThat(found)
        .containsExactlyInAnyOrder(
            "Namespace fluxspark",
            "ServiceAccount fluxspark",
            "Role fluxspark-driver",
            "RoleBinding fluxspark-driver",
            "PersistentVolumeClaim models",
            "SparkApplication fluxspark");
  }

  @Test
  void theDockerfilesHaveNothingThatALinterFinds() throws Exception {
    String printed =
        PythonEnvironment.run(
            "airflow",
            Map.of(),
            """
            import subprocess, sys
            linter = subprocess.run([sys.prefix + "/bin/hadolint", *sys.argv[1:]], text=True, capture_output=True)
            print(linter.returncode, linter.stdout, linter.stderr)
            """,
            Project.path("deploy/docker/Dockerfile").toString(),
            Project.path("deploy/docker/Dockerfile.cuda").toString());

    assertThat(printed.strip()).isEqualTo("0");
  }

  private static List<String> checked(Path manifest) throws Exception {
    return PythonEnvironment.run(
            "airflow",
            Map.of(),
            Files.readString(Project.path("jobs/src/test/python/check_manifests.py")),
            manifest.toString())
        .lines()
        .toList();
  }

  private static List<JsonNode> counts(Path runs) throws Exception {
    List<JsonNode> counts = new ArrayList<>();
    try (var files = Files.list(runs)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
        counts.add(new ObjectMapper().readTree(file.toFile()).get("counts"));
      }
    }
    return counts;
  }
}
