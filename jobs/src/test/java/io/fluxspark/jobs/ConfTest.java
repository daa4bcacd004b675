package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetInputFormat;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.launcher.SparkLauncher;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The settings in {@code conf} are settings: a key that nobody reads would be a line for nothing.
 */
class ConfTest {
  /** Settings and, after a '#' and one space, those that are proposed. */
  static final Pattern SETTING =
      Pattern.compile("^(?:# )?(spark\\.\\S+)\\s+(\\S.*?)\\s*$", Pattern.MULTILINE);

  /** Keys that have names of the user's in them: Spark knows their form only. */
  private static final Pattern NAMED =
      Pattern.compile(
          "spark\\.executorEnv\\.[A-Z_]+"
              + "|spark\\.(executor|task)\\.resource\\.gpu\\.amount"
              + "|spark\\.executor\\.resource\\.gpu\\.(discoveryScript|vendor)"
              + "|spark\\.sql\\.catalog\\.lake(\\.type|\\.warehouse)?"
              + "|spark\\.metrics\\.conf\\.executor\\.sink\\.jmx\\.class"
              + "|spark\\.kubernetes\\.(driver|executor)\\.node\\.selector\\.[a-z]+"
              + "|spark\\.kubernetes\\.(driver|executor)\\.volumes\\.persistentVolumeClaim\\.[a-z]+"
              + "\\.(options\\.claimName|mount\\.path|mount\\.readOnly)");

  /** What is read before Spark starts. */
  private static final Set<String> LAUNCHERS =
      Set.of(
          SparkLauncher.SPARK_MASTER,
          SparkLauncher.DEPLOY_MODE,
          SparkLauncher.DRIVER_DEFAULT_JAVA_OPTIONS,
          SparkLauncher.EXECUTOR_DEFAULT_JAVA_OPTIONS);

  private static final String HADOOP = "spark.hadoop.";

  @TempDir private Path folder;

  /** Settings register themselves when the class that defines them is first used. */
  @BeforeAll
  static void register() throws ClassNotFoundException {
    for (String definitions :
        new String[] {
          "org.apache.spark.internal.config.package$",
          "org.apache.spark.internal.config.Deploy$",
          "org.apache.spark.sql.internal.SQLConf$",
          "org.apache.spark.sql.internal.StaticSQLConf$"
        }) {
      Class.forName(definitions);
    }
  }

  /** Kubernetes' settings are only in a Spark that has its module: {@link StockSparkIT}. */
  static Stream<Path> files() throws Exception {
    try (Stream<Path> all = Files.list(Project.path("conf"))) {
      return all
          .filter(file -> file.toString().endsWith(".conf"))
          .filter(file -> !file.endsWith("kubernetes.conf"))
          .sorted()
          .toList()
          .stream();
    }
  }

  /** A file's settings; with those that it only proposes, or without them. */
  static Map<String, String> settings(String file, Predicate<String> isTaken) throws Exception {
    Map<String, String> settings = new TreeMap<>();
    SETTING
        .matcher(Files.readString(Project.path("conf/" + file)))
        .results()
        .filter(line -> !line.group().startsWith("#") || isTaken.test(line.group(1)))
        .forEach(line -> settings.put(line.group(1), line.group(2)));
    return settings;
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyLineIsASettingThatSparkReadsWithAValueThatItTakes(Path file) throws Exception {
    requireKnown(file);
  }

  /** Whether settings that this process knows of are used rightly. */
  static void requireKnown(Path file) throws Exception {
    String text = Files.readString(file);
    assertThat(SETTING.matcher(text).results().map(MatchResult::group)).isNotEmpty();
    assertThat(SETTING.matcher(text).results().map(line -> line.group(1)))
        .allMatch(ConfTest::isKnown)
        .doesNotHaveDuplicates();
    assertThat(text.lines())
        .allMatch(
            line -> line.isEmpty() || line.startsWith("#") || SETTING.matcher(line).matches());
    Properties read = new Properties();
    read.load(new StringReader(text));
    assertThat(read.stringPropertyNames()).isNotEmpty().allMatch(key -> key.startsWith("spark."));
    for (var setting : settings(file.getFileName().toString(), key -> true).entrySet()) {
      ConfigEntry<?> entry = ConfigEntry.findEntry(setting.getKey());
      if (entry != null) {
        assertThat(entry.valueConverter().apply(setting.getValue()))
            .as(setting.toString())
            .isNotNull();
      }
    }
  }

  @Test
  void theJobsPropertiesAreOptionsOfEveryRun() throws Exception {
    String all =
        Files.readString(Project.path("conf/fluxspark.properties"))
            .replaceAll("(?m)^# ([a-z-]+=)", "$1")
            .replaceAll("(?m)^model=.*", "model=builtin:tiny");
    Path config = Files.writeString(folder.resolve("fluxspark.properties"), all);
    Workspace workspace = new Workspace(folder);
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,a fox");
    String[] plan = workspace.generate(prompts, "out", "--config", config.toString());
    plan[0] = "plan";

    CommandLineRun run = CommandLineRun.of(plan);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("1024 x 1024").contains("1 to make");
  }

  private static boolean isKnown(String key) {
    if (key.startsWith(HADOOP)) {
      String name = key.substring(HADOOP.length());
      return new Configuration().get(name) != null
          || name.equals(ParquetInputFormat.HADOOP_VECTORED_IO_ENABLED)
          || name.matches("fs\\.s3a\\.(access|secret)\\.key|fs\\.s3a\\.endpoint(\\.region)?");
    }
    return ConfigEntry.findEntry(key) != null
        || LAUNCHERS.contains(key)
        || NAMED.matcher(key).matches();
  }
}
