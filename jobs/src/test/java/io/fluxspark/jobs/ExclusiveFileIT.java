package io.fluxspark.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many writers of one object on S3. */
class ExclusiveFileIT {
  private static final int WRITERS = 16;

  @TempDir private java.nio.file.Path folder;

  @Test
  void oneOfManyWritersWins() throws Exception {
    try (S3ProxyServer server = new S3ProxyServer(folder)) {
      server.createBucket("claims");
      List<FileSystem> clients = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        clients.add(
            FileSystem.newInstance(new Path("s3a://claims/").toUri(), server.configuration()));
      }
      for (int round = 0; round < 10; round++) {
        Path path = new Path("s3a://claims/runs/claim-" + round);

        List<Boolean> won = Race.of(WRITERS, writer -> claim(clients.get(writer), path, writer));

        assertThat(won).containsOnlyOnce(true);
        try (FSDataInputStream in = clients.get(0).open(path)) {
          assertThat(in.readAllBytes()).asString(UTF_8).isEqualTo("writer " + won.indexOf(true));
        }
        assertThat(claim(clients.get(0), path, 0).call()).isFalse();
      }
      for (FileSystem client : clients) {
        client.close();
      }
    }
  }

  @Test
  void whereConditionsAreSwitchedOffNothingIsWritten() throws Exception {
    try (S3ProxyServer server = new S3ProxyServer(folder)) {
      server.createBucket("claims");
      Configuration configuration = server.configuration();
      configuration.set("fs.s3a.create.conditional.enabled", "false");
      Path path = new Path("s3a://claims/claim");
      try (FileSystem files = FileSystem.newInstance(path.toUri(), configuration)) {

        assertThatThrownBy(() -> ExclusiveFile.create(files, path, new byte[1]))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("fs.s3a.create.conditional.enabled=true are needed");
        assertThat(files.exists(path)).isFalse();
      }
    }
  }

  private static Callable<Boolean> claim(FileSystem files, Path path, int writer) {
    return () -> ExclusiveFile.create(files, path, ("writer " + writer).getBytes(UTF_8));
  }
}
