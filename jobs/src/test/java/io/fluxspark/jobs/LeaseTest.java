package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FilterFileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseTest {
  @TempDir private java.nio.file.Path temp;
  private FileSystem files;
  private Path folder;

  @BeforeEach
  void open() throws IOException {
    files = FileSystem.getLocal(new Configuration());
    folder = new Path(temp.toString(), "out/_fluxspark");
  }

  @Test
  void oneRunAtATimeHasTheOutput() throws IOException {
    Lease first = Lease.acquire(files, folder, "first");
    assertThat(Lease.holds(files, folder, first.number())).isTrue();

    assertThatThrownBy(() -> Lease.acquire(files, folder, "second"))
        .isInstanceOfSatisfying(
            FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_IN_USE))
        .hasMessageContaining("run first on");
    first.close();

    try (Lease second = Lease.acquire(files, folder, "second")) {
      assertThat(Lease.holds(files, folder, first.number())).isFalse();
      assertThat(Lease.holds(files, folder, second.number())).isTrue();
    }
  }

  @Test
  void theLeaseOfADeadProcessIsTakenAtOnce() throws IOException {
    write(
        "{\"run_id\":\"dead\",\"host\":\"%s\",\"pid\":%d,\"released\":false}"
            .formatted(InetAddress.getLocalHost().getHostName(), deadProcess()));

    try (Lease lease = Lease.acquire(files, folder, "next")) {
      assertThat(lease.number()).isEqualTo(8);
    }
  }

  @Test
  void theLeaseOfAnotherHostIsTakenOnceNothingChangesAnyMore() throws IOException {
    write("{\"run_id\":\"away\",\"host\":\"some other host\",\"pid\":1,\"released\":false}");

    try (Lease lease = Lease.acquire(files, folder, "next")) {
      assertThat(lease.number()).isEqualTo(8);
      assertThat(Lease.holds(files, folder, 7)).as("the one who was away").isFalse();
    }
  }

  @Test
  void ofManyAtTheSameMomentOneGetsIt() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Lease>> all = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        String run = "run-" + i;
        all.add(() -> Lease.acquire(files, folder, run));
      }
      int taken = 0;
      for (Future<Lease> result : threads.invokeAll(all)) {
        try (Lease lease = result.get()) {
          assertThat(lease.number()).isEqualTo(1);
          taken++;
        } catch (java.util.concurrent.ExecutionException e) {
          assertThat(e.getCause()).isInstanceOf(FluxSparkException.class);
        }
      }
      assertThat(taken).isEqualTo(1);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aStorageThatFailsIsOneLine() {
    FileSystem refusing =
        new FilterFileSystem(files) {
          @Override
          public FileStatus[] listStatus(Path path) throws IOException {
            throw new AccessDeniedException("s3a://b/out", null, "Forbidden (Status Code: 403)");
          }
        };

    assertThatThrownBy(() -> Lease.acquire(refusing, folder, "first"))
        .isInstanceOfSatisfying(
            FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OUTPUT))
        .hasMessage(
            "--output "
                + folder.getParent()
                + ": S3 refuses access: the credentials are wrong, or do not allow this");
  }

  private void write(String lease) throws IOException {
    java.nio.file.Path file = temp.resolve("out/_fluxspark/lease-000007.json");
    Files.createDirectories(file.getParent());
    Files.writeString(file, lease);
  }

  private static long deadProcess() throws IOException {
    Process process = new ProcessBuilder("true").start();
    process.onExit().join();
    return process.pid();
  }
}
