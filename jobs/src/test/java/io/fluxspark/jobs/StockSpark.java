package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The Spark that PyPI's pyspark has in it, as people install it, with a folder of settings of its
 * own. Its processes listen on this machine only.
 */
final class StockSpark implements AutoCloseable {
  private static final Pattern MASTER = Pattern.compile("Starting Spark master at (spark://\\S+)");
  private static final Pattern REGISTERED =
      Pattern.compile("(Successfully registered with master)");
  private static final long START_SECONDS = 300;

  private final Path home;
  private final Path folder;
  private final List<Process> processes = new ArrayList<>();

  /**
   * Finds it, or installs it.
   *
   * @param folder for settings and logs, and where jobs are started
   */
  StockSpark(Path folder) throws IOException, InterruptedException {
    this.folder = folder;
    Path site = PythonEnvironment.folder("pyspark").resolve("lib");
    try (var pythons = Files.newDirectoryStream(site, "python3*")) {
      this.home = pythons.iterator().next().resolve("site-packages/pyspark");
    }
    Files.createDirectories(folder.resolve("conf"));
    Files.copy(Project.path("conf/log4j2.properties"), folder.resolve("conf/log4j2.properties"));
  }

  Path home() {
    return home;
  }

  /** Puts files of {@code conf} together, as they say, with the proposals that are taken. */
  void settings(Predicate<String> isTaken, Map<String, String> changes, String... files)
      throws Exception {
    Map<String, String> settings = new TreeMap<>();
    for (String file : files) {
      settings.putAll(ConfTest.settings(file, isTaken));
    }
    assertThat(settings.keySet()).containsAll(changes.keySet());
    settings.putAll(changes);
    Files.writeString(
        folder.resolve("conf/spark-defaults.conf"),
        settings.entrySet().stream()
            .map(setting -> setting.getKey() + " " + setting.getValue() + "\n")
            .collect(Collectors.joining()));
  }

  /** Starts a standalone master; gives its address. */
  String startMaster() throws Exception {
    return start(
        "master", MASTER, Map.of(), "deploy.master.Master", "--host", "127.0.0.1", "--port", "0");
  }

  /**
   * Starts a worker that registers with the master.
   *
   * @param properties Java's, of the worker
   * @param path in front of the worker's {@code PATH}; may be empty
   */
  void startWorker(String name, String master, Map<String, String> properties, String path)
      throws Exception {
    String options =
        properties.entrySet().stream()
            .map(property -> "-D" + property.getKey() + "=" + property.getValue())
            .collect(Collectors.joining(" "));
    Map<String, String> environment = new TreeMap<>(Map.of("SPARK_WORKER_OPTS", options));
    environment.put("PATH", path + System.getenv("PATH"));
    start(
        name,
        REGISTERED,
        environment,
        "deploy.worker.Worker",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        // Only what the master reckons with: nothing is taken before an executor needs it.
        "--cores",
        "16",
        "--memory",
        "16g",
        "--work-dir",
        folder.resolve(name + "-work").toString(),
        master);
  }

  private String start(
      String name,
      Pattern started,
      Map<String, String> environment,
      String program,
      String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/spark-class").toString());
    command.addAll(List.of("org.apache.spark." + program, "--webui-port", "0"));
    command.addAll(List.of(arguments));
    Path logging = Files.createDirectories(folder.resolve("daemon-conf"));
    ProcessBuilder builder = builder(command);
    builder.environment().putAll(environment);
    // Spark's own logging, which says when a process is ready.
    builder.environment().put("SPARK_CONF_DIR", logging.toString());
    Path log = folder.resolve(name + ".log");
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    processes.add(process);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (process.isAlive() && System.nanoTime() < end) {
      Matcher matcher = started.matcher(Files.readString(log));
      if (matcher.find()) {
        return matcher.group(1);
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
    throw new AssertionError(name + " did not start: " + Files.readString(log));
  }

  /** {@code spark-submit} with these arguments. */
  CommandLineRun submit(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(home.resolve("bin/spark-submit").toString()));
    command.addAll(List.of(arguments));
    return run(builder(command));
  }

  /** {@code deploy/submit} with this Spark as {@code SPARK_HOME}. */
  CommandLineRun deploySubmit(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(Project.path("deploy/submit").toString()));
    command.addAll(List.of(arguments));
    return run(builder(command));
  }

  /** Commands of a shell in the project's folder, with this Spark as {@code SPARK_HOME}. */
  CommandLineRun shell(String commands, Map<String, String> variables) throws Exception {
    ProcessBuilder builder = builder(List.of("bash", "-eu", "-c", commands));
    builder.environment().putAll(variables);
    return run(builder.directory(Project.path("conf").getParent().toFile()));
  }

  private ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("SPARK_") || name.startsWith("AWS_"));
    environment.put("SPARK_HOME", home.toString());
    environment.put("SPARK_CONF_DIR", folder.resolve("conf").toString());
    environment.put("SPARK_LOCAL_IP", "127.0.0.1");
    return builder;
  }

  private CommandLineRun run(ProcessBuilder builder) throws Exception {
    Path err = Files.createTempFile(folder, "err", ".txt");
    Process process = builder.redirectError(err.toFile()).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new CommandLineRun(process.waitFor(), out, Files.readString(err));
  }

  /** Ends the master and the workers that were started; workers end their executors. */
  @Override
  public void close() {
    for (int i = processes.size() - 1; i >= 0; i--) {
      processes.get(i).descendants().forEach(ProcessHandle::destroy);
      processes.get(i).destroy();
    }
    processes.forEach(process -> process.onExit().join());
  }
}
