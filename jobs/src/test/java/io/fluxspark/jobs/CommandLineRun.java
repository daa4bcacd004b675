package io.fluxspark.jobs;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.sql.SparkSession;

/**
 * What a command line gave.
 *
 * @param code the exit code
 */
record CommandLineRun(int code, String out, String err) {
  static CommandLineRun of(String... args) {
    return withConf(Map.of(), args);
  }

  static CommandLineRun withConf(Map<String, String> conf, String... args) {
    return of(TestSpark::session, ConstantPictures::open, conf, args);
  }

  static CommandLineRun of(
      Supplier<SparkSession> spark, Models models, Map<String, String> conf, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Environment environment =
        new Environment(
            spark,
            conf,
            models,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false);
    int code = Main.run(environment, args);
    return new CommandLineRun(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
