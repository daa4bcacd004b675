package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * This host's copies of models that are elsewhere. A model is brought here once, however many
 * processes and threads ask; who asks meanwhile waits.
 *
 * <p>Each model has a folder KEY, there as a whole or not at all. Beside it are {@code KEY.part},
 * which is being brought; {@code KEY.lock}, which its users share and whoever brings or removes it
 * has alone; and {@code KEY.size}, what it takes, touched at each use. When there is not enough
 * room, the models that were not used for the longest time are removed, but none that somebody
 * uses.
 */
public final class ModelStore {
  private static final String LOCK = ".lock";
  private static final String SIZE = ".size";
  private static final String PART = ".part";
  private static final double GIGABYTE = 1e9;
  private static final long LOOK_MILLIS = 100;

  /** Others share the lock for a moment only to look; those who use the model go on for long. */
  private static final int MOST_LOOKS_AT_DAMAGE = 50;

  private final Path root;
  private final long maxBytes;
  private final Configuration conf;

  private ModelStore(Path root, long maxBytes, Configuration conf) {
    this.root = root;
    this.maxBytes = maxBytes;
    this.conf = conf;
  }

  /**
   * The copies in one folder of this host, which is made where it is missing.
   *
   * @param conf for the file systems that models come from
   */
  public static ModelStore open(ModelStoreSettings settings, Configuration conf)
      throws IOException {
    Path root = settings.path();
    // One file must have one name: locks of a process go by it.
    return new ModelStore(Files.createDirectories(root).toRealPath(), settings.maxBytes(), conf);
  }

  /** Where the copies are. */
  public Path root() {
    return root;
  }

  /** Whether a model is here; it may be gone when it is taken. */
  public boolean has(RemoteModel model) throws IOException {
    return model.isIn(root.resolve(model.key()));
  }

  /**
   * Gives a model's copy, after bringing what is missing of it.
   *
   * @return to be closed when the files are no longer used
   * @throws FluxSparkException {@code INVALID_MODEL} when the model has changed, {@code
   *     INVALID_OPTION} when it is larger than all that may be kept, {@code INPUT_OUTPUT} when
   *     there is no room
   * @throws IOException when reading or writing fails; the next call goes on from there
   */
  public Lease take(RemoteModel model) throws IOException {
    String key = model.key();
    Path folder = root.resolve(key);
    for (int look = 0; ; look++) {
      HostLock shared = HostLock.shared(root.resolve(key + LOCK));
      boolean isKept = false;
      boolean isDamaged;
      try {
        if (model.isIn(folder)) {
          touch(key);
          isKept = true;
          return new Lease(folder, shared);
        }
        isDamaged = Files.exists(folder);
      } finally {
        if (!isKept) {
          shared.close();
        }
      }
      if (!bring(model, key, folder)) {
        if (isDamaged && look > MOST_LOOKS_AT_DAMAGE) {
          throw new FluxSparkException(
              ErrorCode.INPUT_OUTPUT,
              folder + ": files were removed or changed, and another task uses the others");
        }
        sleep();
      }
    }
  }

  /**
   * Brings what is missing, unless somebody has the lock. Nobody waits for it here: who brings the
   * model shares it next, and may use it for days. Others see it when they look again.
   *
   * @return whether the model is here now
   */
  private boolean bring(RemoteModel model, String key, Path folder) throws IOException {
    Optional<HostLock> alone = HostLock.tryAlone(root.resolve(key + LOCK));
    if (alone.isEmpty()) {
      return false;
    }
    try (HostLock held = alone.get()) {
      if (model.isIn(folder)) {
        return true;
      }
      makeRoom(model, key);
      Path part = root.resolve(key + PART);
      if (Files.exists(folder) && !Files.exists(part)) {
        Files.move(folder, part, StandardCopyOption.ATOMIC_MOVE);
      }
      delete(folder);
      Files.createDirectories(part);
      model.fetch(conf, part);
      Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
      return true;
    }
  }

  private static void sleep() throws IOException {
    try {
      Thread.sleep(LOOK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for a model");
    }
  }

  /** Reserves what a model takes, so that others which come at the same time count it too. */
  private void makeRoom(RemoteModel model, String key) throws IOException {
    long needed = model.bytes();
    if (needed > maxBytes) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--model-cache-size: is "
              + gigabytes(maxBytes)
              + ", but "
              + model.location()
              + " alone takes "
              + gigabytes(needed));
    }
    try (HostLock room = HostLock.alone(root.resolve("room" + LOCK))) {
      List<String> others = oldestFirst(key);
      long used = 0;
      for (String other : others) {
        used += size(other);
      }
      long missing = needed - folderBytes(root.resolve(key + PART));
      for (String other : others) {
        if (used <= maxBytes - needed && freeBytes() >= missing) {
          break;
        }
        long size = size(other);
        if (remove(other)) {
          used -= size;
        }
      }
      if (used > maxBytes - needed || freeBytes() < missing) {
        throw new FluxSparkException(
            ErrorCode.INPUT_OUTPUT,
            "model "
                + model.location()
                + ": takes "
                + gigabytes(needed)
                + ", for which there is no room in "
                + root
                + ": the disk has "
                + gigabytes(freeBytes())
                + " left, and models in use take "
                + gigabytes(used)
                + (maxBytes == Long.MAX_VALUE ? "" : " of " + gigabytes(maxBytes)));
      }
      Files.writeString(root.resolve(key + SIZE), Long.toString(needed));
    }
  }

  /** The other models, complete or not. */
  private List<String> oldestFirst(String key) throws IOException {
    try (Stream<Path> all = Files.list(root)) {
      return all.map(path -> path.getFileName().toString())
          .filter(name -> name.endsWith(SIZE))
          .map(name -> name.substring(0, name.length() - SIZE.length()))
          .filter(name -> !name.equals(key))
          .sorted(Comparator.comparing(this::lastUse))
          .toList();
    }
  }

  private FileTime lastUse(String key) {
    try {
      return Files.getLastModifiedTime(root.resolve(key + SIZE));
    } catch (IOException e) {
      return FileTime.fromMillis(0); // removed by hand just now
    }
  }

  private long size(String key) throws IOException {
    try {
      return Long.parseLong(Files.readString(root.resolve(key + SIZE)).strip());
    } catch (NoSuchFileException | NumberFormatException e) {
      return folderBytes(root.resolve(key)) + folderBytes(root.resolve(key + PART));
    }
  }

  /** Removes a model unless somebody uses or brings it. */
  private boolean remove(String key) throws IOException {
    Optional<HostLock> alone = HostLock.tryAlone(root.resolve(key + LOCK));
    if (alone.isEmpty()) {
      return false;
    }
    // The lock's file stays: another process may have it open, and would hold a lock of nothing.
    try (HostLock held = alone.get()) {
      delete(root.resolve(key));
      delete(root.resolve(key + PART));
      Files.deleteIfExists(root.resolve(key + SIZE));
      return true;
    }
  }

  private void touch(String key) throws IOException {
    try {
      Files.setLastModifiedTime(root.resolve(key + SIZE), FileTime.from(Instant.now()));
    } catch (NoSuchFileException e) {
      // removed by hand; the model counts by its files from now on only when it is brought anew
    }
  }

  private long freeBytes() throws IOException {
    return Files.getFileStore(root).getUsableSpace();
  }

  private static long folderBytes(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return 0;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).mapToLong(ModelStore::fileBytes).sum();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static long fileBytes(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.3f GB", bytes / GIGABYTE);
  }

  /** The right to read a model's copy, until closed. */
  public static final class Lease implements AutoCloseable {
    private final Path folder;
    private final HostLock lock;

    private Lease(Path folder, HostLock lock) {
      this.folder = folder;
      this.lock = lock;
    }

    /** The pipeline folder. */
    public Path folder() {
      return folder;
    }

    @Override
    public void close() {
      try {
        lock.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
