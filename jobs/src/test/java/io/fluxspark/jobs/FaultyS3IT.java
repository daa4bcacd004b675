package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.jobs.FaultyRelay.Fault;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run on an S3 that fails a part of all requests: in the end every picture is there, once. {@code
 * -Dfaults=0.2} makes them a fifth.
 */
class FaultyS3IT {
  private static final double FAULTS = Double.parseDouble(System.getProperty("faults", "0.1"));
  private static final long SEED = Long.getLong("faults.seed", 1);
  private static final int STEPS = 2;
  private static final int COMMIT_EVERY = Integer.getInteger("faults.commit-every", 100);

  @TempDir private Path folder;

  @Test
  void aRunEndsCompleteWhereATenthOfAllRequestsFails() throws Exception {
    try (S3ProxyServer server = new S3ProxyServer(folder);
        FaultyRelay relay = new FaultyRelay(server.endpoint(), FAULTS, SEED)) {
      server.createBucket("pictures");
      Map<String, String> settings = server.settings();
      settings.put("fs.s3a.endpoint", relay.endpoint().toString());
      try (PictureJob job =
          new PictureJob(folder, "s3a://pictures/", settings, server.configuration())) {
        int code = job.start("out", STEPS, COMMIT_EVERY).waitFor();

        System.out.println("FaultyS3IT: " + relay.requests() + " requests, " + relay.faults());
        assertThat(code).as(job.log()).isZero();
        job.assertComplete("out");
      }
      assertThat(relay.faults()).containsOnlyKeys(Fault.values());
      assertThat(server.unfinishedUploads("pictures")).isEmpty();
    }
  }
}
