package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} of driver, executors and S3 server at random moments of a run: in the end every
 * picture is there, once. {@code -Dkills=20} makes it a long run.
 */
class KillIT {
  private static final int KILLS = Integer.getInteger("kills", 3);
  private static final int LEAST_WAIT_MILLIS = 2000;
  private static final int MOST_WAIT_MILLIS = 14_000;
  private static final int AWAY_SECONDS = 10;
  private static final int COMMIT_EVERY = 25;
  private static final int STEPS = 20;
  private static final String DRIVER = "driver";

  /** The exit code of what {@code kill -9} ended. */
  private static final int KILLED = 137;

  @TempDir private Path folder;

  private final Random random = new Random(Long.getLong("kills.seed", 1));

  /** Something that can be killed while a job runs. */
  private interface Victim {
    /** False where the run has just ended by itself. */
    boolean kill(PictureJob job) throws Exception;
  }

  @Test
  void nothingIsLostOrTwiceInALocalFolder() throws Exception {
    try (PictureJob job =
        new PictureJob(folder, folder.toUri().toString(), Map.of(), new Configuration())) {
      survive(job, Map.of(DRIVER, this::killDriver, "executor", this::killExecutor));
    }
  }

  @Test
  void nothingIsLostOrTwiceOnS3() throws Exception {
    try (S3ProxyServer server = new S3ProxyServer(folder)) {
      server.createBucket("pictures");
      try (PictureJob job =
          new PictureJob(folder, "s3a://pictures/", server.settings(), server.configuration())) {
        survive(
            job,
            Map.of(
                DRIVER,
                this::killDriver,
                "executor",
                this::killExecutor,
                "server",
                any -> takeAway(server)));
      }
      assertThat(server.unfinishedUploads("pictures")).isEmpty();
    }
  }

  /**
   * Where a run ends before all are killed, the rest is killed while the pictures are made anew.
   */
  private void survive(PictureJob job, Map<String, Victim> victims) throws Exception {
    Map<String, Integer> killed = new TreeMap<>();
    List<String> names = List.copyOf(new TreeMap<>(victims).keySet());
    int kills = 0;
    int outputs = 0;
    do {
      String output = "out-" + outputs++;
      Process run = job.start(output, STEPS, COMMIT_EVERY);
      while (kills < KILLS && isReached(run, underWay(job, names.get(kills % names.size())))) {
        String victim = names.get(kills % names.size());
        if (!victims.get(victim).kill(job)) {
          break;
        }
        kills++;
        killed.merge(victim, 1, Integer::sum);
        if (victim.equals(DRIVER)) {
          run = job.start(output, STEPS, COMMIT_EVERY);
        }
      }
      assertThat(run.waitFor()).as(job.log()).isZero();
      job.assertComplete(output);
    } while (kills < KILLS);
    System.out.println("KillIT: killed " + killed + " while " + outputs + " outputs were made");
  }

  /** A driver that was killed before it made anything has not lost anything. */
  private static BooleanSupplier underWay(PictureJob job, String victim) {
    return victim.equals(DRIVER) ? job::hasProgress : () -> !job.executors().isEmpty();
  }

  /** Waits for a random moment after a run is under way; false when it has ended before. */
  private boolean isReached(Process run, BooleanSupplier isUnderWay) throws InterruptedException {
    while (run.isAlive() && !isUnderWay.getAsBoolean()) {
      run.waitFor(100, TimeUnit.MILLISECONDS);
    }
    int millis = LEAST_WAIT_MILLIS + random.nextInt(MOST_WAIT_MILLIS - LEAST_WAIT_MILLIS);
    return !run.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  private boolean killDriver(PictureJob job) throws Exception {
    List<ProcessHandle> orphans = job.executors();
    int code = job.run().destroyForcibly().waitFor();
    for (ProcessHandle orphan : orphans) {
      orphan.onExit().get(2, TimeUnit.MINUTES); // they see that their driver is gone
    }
    return code == KILLED;
  }

  private boolean killExecutor(PictureJob job) throws Exception {
    List<ProcessHandle> executors = job.executors();
    while (executors.isEmpty() && !job.run().waitFor(100, TimeUnit.MILLISECONDS)) {
      executors = job.executors();
    }
    return !executors.isEmpty()
        && executors.get(random.nextInt(executors.size())).destroyForcibly();
  }

  private static boolean takeAway(S3ProxyServer server) throws Exception {
    server.kill();
    TimeUnit.SECONDS.sleep(AWAY_SECONDS);
    server.start();
    return true;
  }
}
