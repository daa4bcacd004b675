package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
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

  /** So many steps a picture that about so many kills fit into one run. */
  private static final int STEPS = 10 * KILLS;

  @TempDir private Path folder;

  private final Random random = new Random(Long.getLong("kills.seed", 1));

  /** Something that can be killed while a run goes on. */
  private interface Victim {
    void kill(Process run) throws Exception;
  }

  @Test
  void nothingIsLostOrTwiceInALocalFolder() throws Exception {
    survive(
        new PictureJob(folder, folder.toUri().toString(), Map.of(), new Configuration()),
        Map.of("driver", this::killDriver, "executor", this::killExecutor));
  }

  @Test
  void nothingIsLostOrTwiceOnS3() throws Exception {
    try (S3ProxyServer server = new S3ProxyServer(folder)) {
      server.createBucket("pictures");
      survive(
          new PictureJob(folder, "s3a://pictures/", server.settings(), server.configuration()),
          Map.of(
              "driver",
              this::killDriver,
              "executor",
              this::killExecutor,
              "server",
              run -> takeAway(server)));
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
      while (kills < KILLS && isReached(run)) {
        String victim = names.get(kills % names.size());
        kills++;
        killed.merge(victim, 1, Integer::sum);
        victims.get(victim).kill(run);
        if (victim.equals("driver")) {
          run = job.start(output, STEPS, COMMIT_EVERY);
        }
      }
      assertThat(run.waitFor()).as(job.log()).isZero();
      job.assertComplete(output);
    } while (kills < KILLS);
    System.out.println("KillIT: killed " + killed + " while " + outputs + " outputs were made");
  }

  /** Waits for a random moment after executors are there; false when the run has ended before. */
  private boolean isReached(Process run) throws InterruptedException {
    while (run.isAlive() && PictureJob.executors(run).isEmpty()) {
      run.waitFor(100, TimeUnit.MILLISECONDS);
    }
    int millis = LEAST_WAIT_MILLIS + random.nextInt(MOST_WAIT_MILLIS - LEAST_WAIT_MILLIS);
    return !run.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  private void killDriver(Process run) throws Exception {
    List<ProcessHandle> orphans = PictureJob.executors(run);
    run.destroyForcibly().waitFor();
    for (ProcessHandle orphan : orphans) {
      orphan.onExit().get(2, TimeUnit.MINUTES); // they see that their driver is gone
    }
  }

  private void killExecutor(Process run) {
    List<ProcessHandle> executors = PictureJob.executors(run);
    if (!executors.isEmpty()) {
      executors.get(random.nextInt(executors.size())).destroyForcibly();
    }
  }

  private static void takeAway(S3ProxyServer server) throws Exception {
    server.kill();
    TimeUnit.SECONDS.sleep(AWAY_SECONDS);
    server.start();
  }
}
