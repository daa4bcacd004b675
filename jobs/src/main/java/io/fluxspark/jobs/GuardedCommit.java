package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.io.Serializable;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.internal.io.FileCommitProtocol;
import org.apache.spark.internal.io.FileNameSpec;
import org.apache.spark.sql.SparkSession;
import scala.Option;
import scala.collection.immutable.Seq;

/**
 * Spark's own committer, whichever is set, after a look whether the run still has the output: what
 * a run without a lease made is never committed.
 */
public final class GuardedCommit extends FileCommitProtocol implements Serializable {
  private static final long serialVersionUID = 1L;

  private static final String PROTOCOL = "spark.sql.sources.commitProtocolClass";
  private static final String GUARDED = "spark.hadoop.fluxspark.guarded.commit.protocol";
  private static final String LEASE_FOLDER = "fluxspark.lease.folder";
  private static final String LEASE_NUMBER = "fluxspark.lease.number";

  private final FileCommitProtocol guarded;

  /** As Spark makes it, see {@link FileCommitProtocol#instantiate}. */
  public GuardedCommit(String jobId, String path, boolean isDynamic) {
    String protocol = SparkSession.active().conf().get(GUARDED);
    this.guarded = FileCommitProtocol.instantiate(protocol, jobId, path, isDynamic);
  }

  /** Makes a session write with it from now on. */
  static void use(SparkSession spark) {
    spark.conf().set(GUARDED, protocol(spark));
    spark.conf().set(PROTOCOL, GuardedCommit.class.getName());
  }

  /** The committer that a session writes with, without this one around it. */
  static String protocol(SparkSession spark) {
    String protocol = spark.conf().get(PROTOCOL);
    return protocol.equals(GuardedCommit.class.getName()) ? spark.conf().get(GUARDED) : protocol;
  }

  /** Options of a write that this lease allows. */
  static Map<String, String> options(Lease lease) {
    return Map.of(
        LEASE_FOLDER, lease.folder().toString(), LEASE_NUMBER, Integer.toString(lease.number()));
  }

  /**
   * Looks whether the run still has the output.
   *
   * @throws FluxSparkException {@code OUTPUT_IN_USE} where it has not
   */
  static void require(Lease lease) {
    requireLease(
        SparkSession.active().sparkContext().hadoopConfiguration(), lease.folder(), lease.number());
  }

  @Override
  public void commitJob(JobContext context, Seq<TaskCommitMessage> messages) {
    Configuration conf = context.getConfiguration();
    String folder = conf.get(LEASE_FOLDER);
    if (folder != null) {
      requireLease(conf, new Path(folder), conf.getInt(LEASE_NUMBER, 0));
    }
    guarded.commitJob(context, messages);
  }

  private static void requireLease(Configuration conf, Path folder, int number) {
    try {
      FileSystem files = folder.getFileSystem(conf);
      if (!Lease.holds(files, folder, number)) {
        throw new FluxSparkException(
            ErrorCode.OUTPUT_IN_USE,
            "--output "
                + folder.getParent()
                + ": another run has taken it over, as this one seemed to be dead; what is not"
                + " committed yet is left to that run");
      }
    } catch (IOException e) {
      throw StorageFailure.of(
          ErrorCode.INPUT_OUTPUT, "--output " + folder.getParent(), "cannot be looked at", e);
    }
  }

  @Override
  public void setupJob(JobContext context) {
    guarded.setupJob(context);
  }

  @Override
  public void abortJob(JobContext context) {
    guarded.abortJob(context);
  }

  @Override
  public void setupTask(TaskAttemptContext context) {
    guarded.setupTask(context);
  }

  @Override
  @SuppressWarnings("deprecation") // abstract in Spark, called by older data sources
  public String newTaskTempFile(TaskAttemptContext context, Option<String> folder, String end) {
    return guarded.newTaskTempFile(context, folder, end);
  }

  @Override
  public String newTaskTempFile(
      TaskAttemptContext context, Option<String> folder, FileNameSpec name) {
    return guarded.newTaskTempFile(context, folder, name);
  }

  @Override
  @SuppressWarnings("deprecation") // abstract in Spark, called by older data sources
  public String newTaskTempFileAbsPath(TaskAttemptContext context, String folder, String end) {
    return guarded.newTaskTempFileAbsPath(context, folder, end);
  }

  @Override
  public String newTaskTempFileAbsPath(
      TaskAttemptContext context, String folder, FileNameSpec name) {
    return guarded.newTaskTempFileAbsPath(context, folder, name);
  }

  @Override
  public TaskCommitMessage commitTask(TaskAttemptContext context) {
    return guarded.commitTask(context);
  }

  @Override
  public void abortTask(TaskAttemptContext context) {
    guarded.abortTask(context);
  }

  @Override
  public boolean deleteWithJob(FileSystem files, Path path, boolean isRecursive) {
    return guarded.deleteWithJob(files, path, isRecursive);
  }

  @Override
  public void onTaskCommit(TaskCommitMessage message) {
    guarded.onTaskCommit(message);
  }
}
