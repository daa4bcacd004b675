package io.fluxspark.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The right of one run to write an output.
 *
 * <p>Leases are numbered files. A run takes the output by creating the next number, which only one
 * can; a lease holds as long as there is none of a higher number. Its owner writes into it every
 * few seconds. Who finds one that its owner did not give back watches it for a while: when nothing
 * changes, the owner is dead and the next number is free to take. So a run that was only away for
 * long, and comes back, finds a higher number before its next commit and stops. No clock is
 * compared with another machine's.
 */
final class Lease implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Pattern NAME = Pattern.compile("lease-(\\d{6,9})\\.json");
  private static final Duration BEAT = Duration.ofSeconds(3);
  private static final Duration LOOK = Duration.ofMillis(500);

  /** Looks, not seconds: while the storage does not answer, the owner cannot write there either. */
  private static final int LOOKS = 30;

  private final FileSystem files;
  private final Path folder;
  private final int number;
  private final String runId;
  private final String since = Instant.now().toString();
  private final ScheduledExecutorService beats;
  private Future<?> beating;
  private long beatNumber;

  private Lease(FileSystem files, Path folder, int number, String runId) {
    this.files = files;
    this.folder = folder;
    this.number = number;
    this.runId = runId;
    this.beats =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "fluxspark-lease");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Takes the lease of an output; waits some seconds where its last owner seems to be dead.
   *
   * @param folder where leases are, all of one output
   * @throws FluxSparkException {@code OUTPUT_IN_USE} when another run has it, {@code
   *     INVALID_OUTPUT} or {@code INPUT_OUTPUT} when the storage fails
   */
  static Lease acquire(FileSystem files, Path folder, String runId) {
    try {
      int last = highest(files, folder);
      if (last > 0) {
        requireEnded(files, path(folder, last));
      }
      Lease lease = new Lease(files, folder, last + 1, runId);
      if (!ExclusiveFile.create(files, path(folder, last + 1), lease.content(false))) {
        throw inUse(folder, "another run took it at the same moment");
      }
      if (last > 0) {
        files.delete(path(folder, last), false);
      }
      lease.start();
      return lease;
    } catch (IOException e) {
      throw StorageFailure.of(
          ErrorCode.INVALID_OUTPUT, "--output " + folder.getParent(), "cannot be written", e);
    }
  }

  private void start() {
    beating =
        beats.scheduleWithFixedDelay(
            this::beat, BEAT.toMillis(), BEAT.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** A file system that is away for a moment must not end the beats. */
  private synchronized void beat() {
    try {
      if (holds(files, folder, number)) {
        write(false);
      }
    } catch (IOException e) {
      // tried again at the next beat; before a commit the lease is looked at anyway
    }
  }

  private void write(boolean isReleased) throws IOException {
    beatNumber++;
    try (OutputStream out = files.create(path(folder, number), true)) {
      out.write(content(isReleased));
    }
  }

  private byte[] content(boolean isReleased) throws IOException {
    ObjectNode content = JSON.createObjectNode();
    content.put("run_id", runId);
    content.put("host", InetAddress.getLocalHost().getHostName());
    content.put("pid", ProcessHandle.current().pid());
    content.put("since", since);
    content.put("beat", beatNumber);
    content.put("released", isReleased);
    return JSON.writeValueAsBytes(content);
  }

  private static void requireEnded(FileSystem files, Path lease) throws IOException {
    byte[] first = read(files, lease);
    Optional<JsonNode> owner = parse(first);
    if (owner.isPresent() && hasEnded(owner.get())) {
      return;
    }
    for (int look = 0; look < LOOKS; look++) {
      sleep();
      byte[] now = read(files, lease);
      Optional<JsonNode> nowOwner = parse(now);
      if (nowOwner.isPresent() && hasEnded(nowOwner.get())) {
        return;
      }
      if (nowOwner.isPresent() && owner.isPresent() && !nowOwner.equals(owner)) {
        throw inUse(lease.getParent(), describe(nowOwner.get()));
      }
      owner = owner.or(() -> nowOwner);
    }
  }

  /** Given back, or of a process of this host that is no more. */
  private static boolean hasEnded(JsonNode owner) throws IOException {
    boolean isHere = owner.path("host").asText().equals(InetAddress.getLocalHost().getHostName());
    return owner.path("released").asBoolean()
        || (isHere && ProcessHandle.of(owner.path("pid").asLong()).isEmpty());
  }

  private static String describe(JsonNode owner) {
    return "run "
        + owner.path("run_id").asText()
        + " on "
        + owner.path("host").asText()
        + " (process "
        + owner.path("pid").asText()
        + ") has been writing it since "
        + owner.path("since").asText();
  }

  private static void sleep() {
    try {
      Thread.sleep(LOOK.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FluxSparkException(ErrorCode.INTERRUPTED, "interrupted while waiting", e);
    }
  }

  private static byte[] read(FileSystem files, Path lease) throws IOException {
    try (InputStream in = files.open(lease)) {
      return in.readAllBytes();
    } catch (FileNotFoundException e) {
      return new byte[0]; // just replaced
    }
  }

  /** Nothing where the file is being written. */
  private static Optional<JsonNode> parse(byte[] content) {
    try {
      JsonNode owner = JSON.readTree(new String(content, StandardCharsets.UTF_8));
      return owner != null && owner.isObject() ? Optional.of(owner) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static int highest(FileSystem files, Path folder) throws IOException {
    int highest = 0;
    try {
      for (FileStatus file : files.listStatus(folder)) {
        Matcher name = NAME.matcher(file.getPath().getName());
        if (name.matches()) {
          highest = Math.max(highest, Integer.parseInt(name.group(1)));
        }
      }
    } catch (FileNotFoundException e) {
      return 0; // a new output
    }
    return highest;
  }

  private static Path path(Path folder, int number) {
    return new Path(folder, String.format(java.util.Locale.ROOT, "lease-%06d.json", number));
  }

  private static FluxSparkException inUse(Path folder, String who) {
    return new FluxSparkException(
        ErrorCode.OUTPUT_IN_USE,
        "--output "
            + folder.getParent()
            + ": "
            + who
            + "; wait for its end, stop it, or give another folder");
  }

  /** Where the lease is, for those who only look whether it still holds. */
  Path folder() {
    return folder;
  }

  int number() {
    return number;
  }

  /** Whether a lease still holds. */
  static boolean holds(FileSystem files, Path folder, int number) throws IOException {
    return highest(files, folder) == number;
  }

  /** Gives the output back. */
  @Override
  public synchronized void close() {
    beating.cancel(false);
    beats.shutdown();
    try {
      if (holds(files, folder, number)) {
        write(true);
      }
    } catch (IOException e) {
      // whoever comes next sees that nobody writes any more
    }
  }
}
