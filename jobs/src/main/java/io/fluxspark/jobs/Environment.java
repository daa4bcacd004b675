package io.fluxspark.jobs;

import java.io.PrintStream;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.sql.SparkSession;

/**
 * What a command runs in.
 *
 * @param spark starts Spark, or gives the session that is there
 * @param conf Spark's settings as the launcher gave them, known before Spark starts
 * @param models finds the models that jobs name
 * @param out takes results
 * @param err takes progress and errors
 * @param isTerminal whether a person watches {@code err}
 */
record Environment(
    Supplier<SparkSession> spark,
    Map<String, String> conf,
    Models models,
    PrintStream out,
    PrintStream err,
    boolean isTerminal) {}
