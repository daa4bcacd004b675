package io.fluxspark.jobs;

import io.fluxspark.program.TensorScope;
import io.fluxspark.spark.ModelCache;
import java.io.File;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import scala.Function1;
import scala.collection.Iterator;
import scala.reflect.ClassTag;

/** Executors that are processes of their own, with the fat jar as on a cluster. */
final class LocalCluster implements AutoCloseable {
  private final SparkSession spark;
  private final int executors;

  /** Starts that many executors with one core each. */
  LocalCluster(int executors) {
    this(executors, Map.of());
  }

  /** The same, with more of Spark's settings. */
  LocalCluster(int executors, Map<String, String> conf) {
    this.executors = executors;
    String classes =
        String.join(
            File.pathSeparator,
            System.getProperty("fluxspark.jar"),
            Path.of(System.getProperty("basedir"), "target/test-classes").toString(),
            // The tests' own class path has them, and Spark commits with what it finds there.
            Project.path("deploy/s3/target/jars") + "/*");
    SparkSession.Builder builder =
        SparkSession.builder()
            .master("local-cluster[" + executors + ",1,2048]")
            .appName("LocalCluster")
            .config("spark.executor.memory", "1g")
            .config("spark.executor.extraClassPath", classes)
            .config("spark.executor.defaultJavaOptions", "-Dai.djl.offline=true")
            .config("spark.executor.heartbeatInterval", "1s")
            .config("spark.sql.shuffle.partitions", "3")
            .config("spark.scheduler.minRegisteredResourcesRatio", "1")
            .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "300s")
            .config("spark.ui.enabled", "false")
            .config("spark.log.level", "ERROR")
            .config("spark.driver.host", "localhost")
            .config("spark.driver.bindAddress", "127.0.0.1");
    conf.forEach(builder::config);
    this.spark = builder.getOrCreate();
  }

  SparkSession spark() {
    return spark;
  }

  /**
   * What an executor process has.
   *
   * @param loads of models, begun since the process started
   * @param openValues native values that are not closed
   */
  record Executor(String id, long loads, long openValues) implements Serializable {}

  /** Asks every executor. One has one core, so whatever ran there before has ended. */
  List<Executor> executors() {
    return ask(() -> {});
  }

  /** Asks every executor after it has closed the models that no task holds. */
  List<Executor> executorsWithoutModels() {
    return ask(() -> ModelCache.shared().closeIdle());
  }

  /** Has every executor tell its sinks what it counted so far. */
  void reportMetrics() {
    ask(() -> SparkEnv.get().metricsSystem().report());
  }

  private interface Step extends Runnable, Serializable {}

  /** A barrier stage runs all its tasks at the same time, so each on another executor. */
  private List<Executor> ask(Step before) {
    Function1<Iterator<Integer>, Iterator<Executor>> here =
        (Function1<Iterator<Integer>, Iterator<Executor>> & Serializable)
            ones -> {
              before.run();
              return Iterator.single(
                  new Executor(
                      SparkEnv.get().executorId(),
                      ModelCache.shared().loads(),
                      TensorScope.openValues()));
            };
    return JavaRDD.fromRDD(
            JavaSparkContext.fromSparkContext(spark.sparkContext())
                .parallelize(Collections.nCopies(executors, 1), executors)
                .rdd()
                .barrier()
                .mapPartitions(here, false, ClassTag.apply(Executor.class)),
            ClassTag.apply(Executor.class))
        .collect();
  }

  @Override
  public void close() {
    spark.stop();
  }
}
