package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.spark.Tables;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * An output folder. {@value #MARKER} in it says that it is ours, and holds the lease of the run
 * that writes it; {@code data/portion=N} are the portions, each committed by the {@code _SUCCESS}
 * that Spark writes last.
 */
final class FolderOutput implements Output {
  /** The first thing written into an output folder, a folder itself. */
  static final String MARKER = "_fluxspark";

  private static final String DATA = "data";
  private static final String ERRORS = "_errors";
  private static final String RUNS = "_runs";
  private static final StructType KEYS =
      new StructType().add(Tables.REQUEST_KEY, DataTypes.StringType);

  private final SparkSession spark;
  private final FileSystem files;
  private final Path root;

  private FolderOutput(SparkSession spark, FileSystem files, Path root) {
    this.spark = spark;
    this.files = files;
    this.root = root;
  }

  /**
   * Looks at an output folder; writes nothing.
   *
   * @throws FluxSparkException {@code INVALID_OUTPUT} when it is a file, or a folder with other
   *     things in it
   */
  static FolderOutput open(SparkSession spark, String location) {
    try {
      Path root = new Path(location);
      FileSystem files =
          FileSystem.newInstance(root.toUri(), spark.sparkContext().hadoopConfiguration());
      files.setWriteChecksum(false);
      root = files.makeQualified(root);
      CommitProtocol.require(spark, root);
      if (files.exists(root)) {
        requireOurs(files, root, location);
      }
      return new FolderOutput(spark, files, root);
    } catch (FluxSparkException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw failed(location, "cannot be looked at", e);
    }
  }

  private static void requireOurs(FileSystem files, Path root, String location) throws IOException {
    if (!files.getFileStatus(root).isDirectory()) {
      throw invalid(location, "is a file; a folder is needed", null);
    }
    Optional<TableFormat> table = TableFormat.ofFolder(files, root);
    if (table.isPresent()) {
      throw invalid(
          location,
          "is a table of "
              + table.get().optionName()
              + ", not Parquet; generate takes it with --output-format "
              + table.get().optionName()
              + ", export does not",
          null);
    }
    if (files.listStatus(root).length > 0 && !files.exists(new Path(root, MARKER))) {
      throw invalid(
          location,
          "is there, and no output of this program (it has no " + MARKER + "); give a new folder",
          null);
    }
  }

  /** Something in the folder, as a person would name it. */
  String path(String name) {
    Path path = new Path(root, name);
    return "file".equals(path.toUri().getScheme()) ? path.toUri().getPath() : path.toString();
  }

  /**
   * The committed pictures, with all columns.
   *
   * @throws FluxSparkException {@code INVALID_OUTPUT} when there are none
   */
  Dataset<Row> images() {
    String[] committed = committed(DATA);
    if (committed.length == 0) {
      throw invalid(root.toString(), "has no pictures; the output of generate is needed", null);
    }
    return spark
        .read()
        .option("basePath", new Path(root, DATA).toString())
        .schema(columns(committed[0], committed[committed.length - 1]))
        .parquet(committed);
  }

  /** An output that an earlier version has begun has more columns where it ends. */
  private StructType columns(String firstPortion, String lastPortion) {
    StructType columns = spark.read().parquet(firstPortion).schema();
    for (StructField field : spark.read().parquet(lastPortion).schema().fields()) {
      if (!Arrays.asList(columns.fieldNames()).contains(field.name())) {
        columns = columns.add(field);
      }
    }
    return columns;
  }

  /** The pictures of committed portions from one on, with all columns. */
  Dataset<Row> imagesFrom(int first) {
    String[] committed =
        Arrays.stream(committed(DATA))
            .filter(
                portion -> FolderPortion.number(new Path(portion).getName()).getAsInt() >= first)
            .toArray(String[]::new);
    return spark.read().parquet(committed);
  }

  /** The committed pictures, with these of their columns. */
  Dataset<Row> images(StructType columns) {
    String[] committed = committed(DATA);
    return committed.length == 0
        ? spark.createDataFrame(List.of(), columns)
        : spark.read().schema(columns).parquet(committed);
  }

  @Override
  public Optional<String> ownFolder() {
    return Optional.of(new Path(root, MARKER).toString());
  }

  @Override
  public Finished finished() {
    return new Finished(
        read(DATA, KEYS), read(ERRORS, KEYS.add(Tables.ERROR_CODE, DataTypes.StringType)));
  }

  private Optional<Dataset<Row>> read(String kind, StructType columns) {
    String[] committed = committed(kind);
    return committed.length == 0
        ? Optional.empty()
        : Optional.of(spark.read().schema(columns).parquet(committed));
  }

  @Override
  public FolderWriter begin(String runId, StructType images) {
    Lease lease = Lease.acquire(files, new Path(root, MARKER), runId);
    try {
      GuardedCommit.use(spark);
      return new FolderWriter(this, lease, clean(lease), images);
    } catch (RuntimeException | Error e) {
      lease.close();
      throw e;
    }
  }

  /**
   * Removes what earlier runs left without a commit.
   *
   * @return the number of the first portion that is free
   */
  private int clean(Lease lease) {
    try {
      requireHeld(lease);
      int next = 0;
      for (String kind : List.of(DATA, ERRORS)) {
        List<Path> listed = listed(kind);
        Set<Path> committed = Set.copyOf(committedPaths(listed));
        for (FileStatus portion : portions(kind)) {
          if (committed.contains(portion.getPath())) {
            next = Math.max(next, FolderPortion.number(portion.getPath().getName()).orElse(-1) + 1);
          } else {
            files.delete(portion.getPath(), true);
          }
        }
        UnfinishedUploads.abort(files, new Path(root, kind));
        CommitLeftovers.delete(files, listed, committed);
      }
      return next;
    } catch (IOException e) {
      throw failed(root.toString(), "cannot be written", e);
    }
  }

  /** Deletes what the committer left in committed portions, whoever wrote them. */
  void deleteLeftovers() {
    try {
      for (String kind : List.of(DATA, ERRORS)) {
        List<Path> listed = listed(kind);
        CommitLeftovers.delete(files, listed, Set.copyOf(committedPaths(listed)));
      }
    } catch (IOException e) {
      // the pictures are there; the next run deletes what is left
    }
  }

  private void requireHeld(Lease lease) throws IOException {
    if (!Lease.holds(files, lease.folder(), lease.number())) {
      throw new FluxSparkException(
          ErrorCode.OUTPUT_IN_USE, "--output " + root + ": another run has just taken it over");
    }
  }

  /** A portion to be written under a lease. */
  FolderPortion portion(int number, Lease lease) {
    String name = FolderPortion.name(number);
    return new FolderPortion(
        new Path(new Path(root, DATA), name).toString(),
        new Path(new Path(root, ERRORS), name).toString(),
        GuardedCommit.options(lease));
  }

  /** Writes one small file, replacing what is there. */
  void write(String name, String text) {
    write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes one small file, replacing what is there. */
  void write(String name, byte[] bytes) {
    try (OutputStream out = files.create(new Path(root, name), true)) {
      out.write(bytes);
    } catch (IOException e) {
      throw failed(root + "/" + name, "cannot be written", e);
    }
  }

  /** The name of a run's report. */
  static String report(String runId) {
    return RUNS + "/" + runId + ".json";
  }

  private String[] committed(String kind) {
    try {
      return committedPaths(listed(kind)).stream()
          .map(Path::toString)
          .sorted()
          .toArray(String[]::new);
    } catch (IOException e) {
      throw StorageFailure.of(ErrorCode.INPUT_OUTPUT, root.toString(), "cannot be listed", e);
    }
  }

  /** By one listing of everything: an object store takes as long for each folder by itself. */
  private List<Path> listed(String kind) throws IOException {
    Path folder = new Path(root, kind);
    List<Path> listed = new ArrayList<>();
    if (files.exists(folder)) {
      RemoteIterator<LocatedFileStatus> all = files.listFiles(folder, true);
      while (all.hasNext()) {
        listed.add(all.next().getPath());
      }
    }
    return listed;
  }

  private static List<Path> committedPaths(List<Path> listed) {
    return listed.stream()
        .filter(file -> file.getName().equals("_SUCCESS"))
        .map(Path::getParent)
        .filter(folder -> FolderPortion.number(folder.getName()).isPresent())
        .toList();
  }

  private List<FileStatus> portions(String kind) throws IOException {
    Path folder = new Path(root, kind);
    List<FileStatus> portions = new ArrayList<>();
    if (files.exists(folder)) {
      for (FileStatus child : files.listStatus(folder)) {
        OptionalInt number = FolderPortion.number(child.getPath().getName());
        if (child.isDirectory() && number.isPresent()) {
          portions.add(child);
        }
      }
    }
    return portions;
  }

  private static FluxSparkException failed(String location, String problem, Exception cause) {
    return StorageFailure.of(ErrorCode.INVALID_OUTPUT, "--output " + location, problem, cause);
  }

  private static FluxSparkException invalid(String location, String problem, Throwable cause) {
    return new FluxSparkException(
        ErrorCode.INVALID_OUTPUT, "--output " + location + ": " + problem, cause);
  }
}
