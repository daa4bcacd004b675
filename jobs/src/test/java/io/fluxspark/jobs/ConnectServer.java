package io.fluxspark.jobs;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Spark Connect server with one executor, as PySpark's package starts it, on any free port. */
final class ConnectServer implements AutoCloseable {
  private static final Pattern STARTED = Pattern.compile("server started at: .*:(\\d+)");

  /** The server says its port in its log alone. */
  private static final String LOGGING =
      """
      rootLogger.level = error
      rootLogger.appenderRef.stderr.ref = console
      appender.console.type = Console
      appender.console.name = console
      appender.console.target = SYSTEM_ERR
      appender.console.layout.type = PatternLayout
      appender.console.layout.pattern = %p %c{1}: %m%n
      logger.connect.name = org.apache.spark.sql.connect.service.SparkConnectServer
      logger.connect.level = info
      """;

  private final Process process;
  private final String port;

  private ConnectServer(Process process, String port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts one and waits for it.
   *
   * @param sparkHome PySpark's
   * @param folder for its files
   */
  static ConnectServer start(Path sparkHome, Path folder) throws IOException {
    Path logging = Files.writeString(folder.resolve("log4j2.properties"), LOGGING);
    String classes =
        System.getProperty("fluxspark.jar")
            + File.pathSeparator
            + Path.of(System.getProperty("basedir"), "target/test-classes");
    ProcessBuilder builder =
        new ProcessBuilder(
            sparkHome.resolve("bin/spark-submit").toString(),
            "--class",
            "org.apache.spark.sql.connect.service.SparkConnectServer",
            "--master",
            "local-cluster[1,2,1024]",
            "--driver-java-options",
            "-Dlog4j2.configurationFile=" + logging);
    for (String setting :
        List.of(
            "spark.executor.memory=1g",
            "spark.connect.grpc.binding.port=0",
            "spark.sql.extensions=io.fluxspark.spark.FluxSparkExtensions",
            "spark.driver.extraClassPath=" + classes,
            "spark.executor.extraClassPath=" + classes,
            "spark.driver.host=localhost",
            "spark.driver.bindAddress=127.0.0.1",
            "spark.ui.enabled=false")) {
      builder.command().addAll(List.of("--conf", setting));
    }
    builder.command().add("spark-internal");
    builder.directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().put("SPARK_HOME", sparkHome.toString());
    builder.environment().remove("SPARK_SCALA_VERSION");
    Process process = builder.start();
    process.getOutputStream().close();
    return new ConnectServer(process, port(process));
  }

  private static String port(Process process) throws IOException {
    StringBuilder said = new StringBuilder();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = lines.readLine();
    while (line != null) {
      said.append(line).append('\n');
      Matcher started = STARTED.matcher(line);
      if (started.find()) {
        Thread rest = new Thread(() -> lines.lines().forEach(more -> {}), "connect server's log");
        rest.setDaemon(true);
        rest.start();
        return started.group(1);
      }
      line = lines.readLine();
    }
    throw new AssertionError("the Spark Connect server did not start:\n" + said);
  }

  String url() {
    return "sc://localhost:" + port;
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
