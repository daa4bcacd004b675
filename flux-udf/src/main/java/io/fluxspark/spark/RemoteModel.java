package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.util.functional.FutureIO;

/**
 * A pipeline folder on a file system of Hadoop's, as it was at one moment. A folder in which a file
 * has changed since is another model.
 *
 * @param location its URI
 * @param files those that a pipeline needs, by name
 */
public record RemoteModel(String location, List<RemoteFile> files) implements Serializable {
  private static final Pattern URI = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]+):/.*");

  /**
   * Files of the folder itself, or of a folder in it; nothing else, and no way out of it. The
   * published repositories have the weights a second time, in files of the folder itself.
   */
  private static final Pattern NEEDED =
      Pattern.compile(
          "\\w[\\w.-]*\\.(json|md)|\\w[\\w.-]*/\\w[\\w.-]*\\.(json|safetensors|txt|model)");

  private static final String INDEX = "model_index.json";

  /** What a folder has in place of the index, where it has BFL's single files. */
  private static final Pattern SINGLE_FILE = Pattern.compile("\\w[\\w.-]*\\.safetensors");

  private static final int STREAMS = 4;
  private static final int BUFFER = 1 << 20;
  private static final int KEY_DIGITS = 32;

  /**
   * One file.
   *
   * @param name below the model's folder
   * @param version the store's etag, or the time of the last change where it has none
   */
  public record RemoteFile(String name, long length, String version) implements Serializable {
    public RemoteFile {
      if (!isInside(name) || length < 0) {
        throw new IllegalArgumentException("no file of a model: " + name + ", " + length);
      }
    }

    /** A file of the folder itself, or of a folder in it. */
    private static boolean isInside(String name) {
      String[] parts = name.split("/", -1);
      return parts.length <= 2
          && Arrays.stream(parts)
              .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
    }

    private static RemoteFile of(String name, FileStatus status) {
      return new RemoteFile(name, status.getLen(), HadoopInputFiles.version(status));
    }
  }

  public RemoteModel {
    files = List.copyOf(files);
    if (files.isEmpty()) {
      throw new IllegalArgumentException("a model without files");
    }
  }

  /**
   * Looks at a single file, such as a LoRA's.
   *
   * @throws IOException when it is not there or the file system fails
   */
  public static RemoteModel file(String location, Configuration conf) throws IOException {
    Path path = new Path(location);
    FileStatus status = path.getFileSystem(conf).getFileStatus(path);
    return new RemoteModel(
        path.getParent().toString(), List.of(RemoteFile.of(path.getName(), status)));
  }

  /** Whether a location is none of this host's: a URI, but not of a file or a built-in model. */
  public static boolean isRemote(String location) {
    Matcher matcher = URI.matcher(location);
    return matcher.matches() && !matcher.group(1).toLowerCase(Locale.ROOT).equals("file");
  }

  /**
   * Looks at a folder.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when there is none, or none of a pipeline
   * @throws IOException when the file system fails
   */
  public static RemoteModel find(String location, Configuration conf) throws IOException {
    if (location.matches("(?i)https?:.*")) {
      throw invalid(
          location, "is a page of the web; download the folder, or put it on a file system");
    }
    Path root = new Path(location);
    FileSystem store = root.getFileSystem(conf);
    String prefix = store.makeQualified(root).toUri().getPath().replaceAll("/*$", "/");
    List<RemoteFile> files = new ArrayList<>();
    List<RemoteFile> singleFiles = new ArrayList<>();
    try {
      RemoteIterator<LocatedFileStatus> all = store.listFiles(root, true);
      while (all.hasNext()) {
        LocatedFileStatus status = all.next();
        String path = status.getPath().toUri().getPath();
        String name = path.startsWith(prefix) ? path.substring(prefix.length()) : "";
        if (NEEDED.matcher(name).matches()) {
          files.add(RemoteFile.of(name, status));
        } else if (SINGLE_FILE.matcher(name).matches()) {
          singleFiles.add(RemoteFile.of(name, status));
        }
      }
    } catch (FileNotFoundException e) {
      throw invalid(location, "is not there; the folder of a FLUX.1 pipeline is wanted");
    }
    if (files.stream().noneMatch(file -> file.name().equals(INDEX))) {
      if (singleFiles.isEmpty()) {
        throw invalid(
            location,
            "model_index.json is not there; the folder of a FLUX.1 pipeline as diffusers writes it,"
                + " or one with BFL's single files, is wanted");
      }
      files.addAll(singleFiles);
    }
    files.sort(Comparator.comparing(RemoteFile::name));
    return new RemoteModel(location, files);
  }

  /** What all files take. */
  public long bytes() {
    return files.stream().mapToLong(RemoteFile::length).sum();
  }

  /** The last part of the location. */
  public String name() {
    return new Path(location).getName();
  }

  /** Says which model it is, for use as a file's name: another one has another key. */
  String key() {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update((location.replaceAll("/*$", "") + "\n").getBytes(StandardCharsets.UTF_8));
      for (RemoteFile file : files) {
        String line = file.name() + " " + file.length() + " " + file.version() + "\n";
        sha256.update(line.getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(sha256.digest()).substring(0, KEY_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Whether a folder has all of it. */
  boolean isIn(java.nio.file.Path folder) throws IOException {
    for (RemoteFile file : files) {
      if (!isIn(folder, file)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isIn(java.nio.file.Path folder, RemoteFile file) throws IOException {
    java.nio.file.Path path = folder.resolve(file.name());
    return Files.isRegularFile(path) && Files.size(path) == file.length();
  }

  /**
   * Brings the files that are not in a folder yet, several at a time. When it fails, those that are
   * complete stay.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when a file is not what it was
   */
  void fetch(Configuration conf, java.nio.file.Path folder) throws IOException {
    FileSystem store = new Path(location).getFileSystem(conf);
    ExecutorService threads = Executors.newFixedThreadPool(STREAMS);
    try {
      ExecutorCompletionService<Void> fetches = new ExecutorCompletionService<>(threads);
      for (RemoteFile file : files) {
        fetches.submit(
            () -> {
              fetch(store, file, folder);
              return null;
            });
      }
      for (int i = 0; i < files.size(); i++) {
        fetches.take().get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof FluxSparkException failure) {
        throw failure;
      }
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } finally {
      end(threads);
    }
  }

  /** Whoever has the folder next must not find these threads still writing there. */
  private static void end(ExecutorService threads) {
    threads.shutdownNow();
    boolean isInterrupted = Thread.interrupted();
    try {
      while (!threads.awaitTermination(1, TimeUnit.MINUTES)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException e) {
      isInterrupted = true;
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void fetch(FileSystem store, RemoteFile file, java.nio.file.Path folder)
      throws IOException {
    if (isIn(folder, file)) {
      return;
    }
    java.nio.file.Path target = folder.resolve(file.name());
    java.nio.file.Path draft = target.resolveSibling(target.getFileName() + ".draft");
    Files.createDirectories(target.getParent());
    Path path = new Path(location, file.name());
    FileStatus status = store.getFileStatus(path);
    requireSame(file, status);
    long length = 0;
    try (InputStream in =
            FutureIO.awaitFuture(
                store
                    .openFile(path)
                    .withFileStatus(status)
                    .opt("fs.option.openfile.read.policy", "whole-file")
                    .build());
        OutputStream out = Files.newOutputStream(draft)) {
      byte[] part = new byte[BUFFER];
      for (int count = in.read(part); count >= 0; count = in.read(part)) {
        if (Thread.interrupted()) {
          throw new InterruptedIOException("interrupted");
        }
        out.write(part, 0, count);
        length += count;
      }
    }
    if (length != file.length()) {
      throw new IOException(
          path + ": ended after " + length + " of " + file.length() + " bytes; try again");
    }
    requireSame(file, store.getFileStatus(path));
    Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
  }

  private void requireSame(RemoteFile file, FileStatus status) {
    if (!RemoteFile.of(file.name(), status).equals(file)) {
      throw invalid(
          location, file.name() + " has been changed since the job began; start it again");
    }
  }

  private static FluxSparkException invalid(String location, String problem) {
    return new FluxSparkException(ErrorCode.INVALID_MODEL, "model " + location + ": " + problem);
  }
}
