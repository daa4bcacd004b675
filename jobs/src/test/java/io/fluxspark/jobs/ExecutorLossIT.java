package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.jobs.FaultyPictures.Accident;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a run whose executors fail, end or leave in the middle of a task. */
class ExecutorLossIT {
  private static final int PICTURES = 48;

  @TempDir private Path folder;

  private final LocalCluster cluster =
      new LocalCluster(
          2,
          Map.of(
              "spark.decommission.enabled", "true",
              "spark.storage.decommission.enabled", "true"));
  private final Happenings happenings = new Happenings();

  @BeforeEach
  void listen() {
    cluster.spark().sparkContext().addSparkListener(happenings);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void anExecutorWhoseDeviceIsLostEndsAndAnotherMakesItsPictures() throws Exception {
    CommandLineRun run = generate(Accident.DEVICE_LOST);

    assertThat(run.code()).as(run.err()).isZero();
    happenings.executorRemoved.await();
    assertThat(happenings.removals).hasSize(1).first().asString().contains("code 75");
    assertEveryPictureIsThereOnce();
  }

  @Test
  void aTaskThatFailsInTheMiddleIsRetriedWithoutASecondCopyOfARow() throws Exception {
    CommandLineRun run = generate(Accident.FAILURE);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(happenings.failures).hasSize(1).first().asString().contains("a failure for a test");
    assertThat(happenings.removals).isEmpty();
    assertEveryPictureIsThereOnce();
  }

  @Test
  void anExecutorThatIsToLeaveEndsItsTaskFirst() throws Exception {
    CommandLineRun run = generate(Accident.DECOMMISSION);

    assertThat(run.code()).as(run.err()).isZero();
    happenings.executorRemoved.await();
    assertThat(happenings.failures).isEmpty();
    assertThat(happenings.removals)
        .hasSize(1)
        .first()
        .asString()
        .containsIgnoringCase("decommission");
    assertEveryPictureIsThereOnce();
  }

  /** Why tasks failed and executors went. */
  private static final class Happenings extends SparkListener {
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final List<String> removals = new CopyOnWriteArrayList<>();
    private final CountDownLatch executorRemoved = new CountDownLatch(1);

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
      if (!end.reason().equals(Success$.MODULE$)) {
        failures.add(end.reason().toString());
      }
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
      removals.add(removed.reason());
      executorRemoved.countDown();
    }
  }

  private CommandLineRun generate(Accident accident) throws Exception {
    Path prompts =
        Files.writeString(
            folder.resolve("prompts.csv"),
            "id,prompt\n"
                + IntStream.range(0, PICTURES)
                    .mapToObj(i -> i + ",picture " + i + "\n")
                    .collect(Collectors.joining()));
    CommandLineRun run =
        CommandLineRun.of(
            cluster::spark,
            FaultyPictures.models(folder.resolve("happened"), accident),
            Map.of(),
            "generate",
            "--prompts",
            prompts.toString(),
            "--output",
            folder.resolve("out").toString());
    assertThat(folder.resolve("happened")).exists();
    return run;
  }

  private void assertEveryPictureIsThereOnce() {
    List<String> ids =
        cluster
            .spark()
            .read()
            .parquet(folder.resolve("out/data").toString())
            .select("id")
            .collectAsList()
            .stream()
            .map((Row row) -> row.getString(0))
            .toList();
    assertThat(ids)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, PICTURES).mapToObj(Integer::toString).toList());
    assertThat(folder.resolve("out/_errors")).doesNotExist();
  }
}
