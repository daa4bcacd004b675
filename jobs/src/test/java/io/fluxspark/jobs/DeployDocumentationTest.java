package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fluxspark.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The pages about clusters, sizes and errors say what is so. {@link StockSparkIT} runs commands.
 */
class DeployDocumentationTest {
  private static final Pattern ERROR =
      Pattern.compile("(?m)^\\| `([A-Z_]+)` \\| (\\w+) \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|$");
  private static final Pattern LINK = Pattern.compile("]\\(([^)#:]*)(?:#([^)]*))?\\)");
  private static final Pattern FILE =
      Pattern.compile("(?<![\\w/$])((?:conf|deploy|docs|notebooks)/[A-Za-z0-9_./-]*[A-Za-z0-9_])");
  private static final Pattern OPTION = Pattern.compile("(?<= )--([a-z][a-z-]+)");
  private static final Map<String, String> WHOSE =
      Map.of("USER", "yours", "MACHINE", "machine", "INTERNAL", "ours");

  @TempDir private Path folder;

  @Test
  void everyErrorCodeHasItsRow() throws Exception {
    List<MatchResult> rows = ERROR.matcher(page("errors")).results().toList();

    assertThat(rows.stream().map(row -> row.group(1)))
        .containsExactlyElementsOf(Arrays.stream(ErrorCode.values()).map(Enum::name).toList());
    for (MatchResult row : rows) {
      assertThat(row.group(2))
          .as(row.group(1))
          .isEqualTo(WHOSE.get(ErrorCode.valueOf(row.group(1)).type().name()));
    }
  }

  @Test
  void theQueryOfThePageCountsErrors() throws Exception {
    Workspace workspace = new Workspace(folder);
    Path prompts = workspace.file("prompts.csv", "id,prompt,height", "a,a fox,", "b,a hen,7");
    CommandLineRun run =
        CommandLineRun.of(workspace.generate(prompts, "out", "--max-error-fraction", "1"));
    assertThat(run.code()).as(run.err()).isZero();
    String query =
        page("errors").lines().filter(line -> line.startsWith("    select")).findFirst().get();

    List<Row> counted =
        TestSpark.session()
            .sql(query.replace("out/_errors", folder.resolve("out/_errors").toString()))
            .collectAsList();

    assertThat(counted).hasSize(1);
    assertThat(counted.get(0).getString(0)).isEqualTo("INVALID_ROW");
    assertThat(counted.get(0).getLong(1)).isEqualTo(1);
    assertThat(counted.get(0).getString(2)).contains("height");
  }

  @ParameterizedTest
  @ValueSource(strings = {"errors", "clusters", "sizing", "tables"})
  void whatAPageNamesIsThere(String name) throws Exception {
    String page = page(name);
    LINK.matcher(page)
        .results()
        .forEach(
            link -> {
              Path target =
                  Project.path("docs")
                      .resolve(link.group(1).isEmpty() ? name + ".md" : link.group(1));
              assertThat(target.normalize()).as(link.group()).exists();
              if (link.group(2) != null) {
                assertThat(headings(target)).as(link.group()).contains(link.group(2));
              }
            });
    FILE.matcher(page)
        .results()
        .map(MatchResult::group)
        // Made by a build, or by the user.
        .filter(file -> !file.contains("/target/"))
        .forEach(Project::path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"clusters", "sizing"})
  void optionsOfOurCommandsAreOptions(String name) throws Exception {
    CommandLineRun help = CommandLineRun.of("plan", "--help");
    List<String> commands =
        page(name)
            .replace("\\\n", " ")
            .lines()
            .filter(line -> line.matches(".*\\b(generate|plan) --.*"))
            .map(
                line -> line.replaceFirst(".*\\b(generate|plan) --", " --").replaceFirst("`.*", ""))
            .toList();

    assertThat(commands).isNotEmpty();
    for (String command : commands) {
      OPTION
          .matcher(command)
          .results()
          .forEach(option -> assertThat(help.out()).as(command).contains("--" + option.group(1)));
    }
  }

  /** Sizes as {@code plan} counts them; the throughput by the page's own formula. */
  @Test
  void theNumbersOfThePageFollowFromItsFormulas() throws Exception {
    String page = page("sizing");
    double teraflops = number(page, "\\| FLUX.1-dev \\| 1024 x 1024 \\| 28 \\| ([0-9,]+) \\|");
    double peak = number(page, "H100 SXM, bfloat16, dense: (\\d+)");
    List<MatchResult> rows =
        Pattern.compile("(?m)^\\| (0\\.\\d) \\| ([0-9.]+) \\| (\\d+) \\|$")
            .matcher(page)
            .results()
            .toList();

    assertThat(rows).hasSize(3);
    for (MatchResult row : rows) {
      double seconds = teraflops / (Double.parseDouble(row.group(1)) * peak);
      assertThat(Double.parseDouble(row.group(2))).isCloseTo(seconds, within(0.005));
      assertThat(Double.parseDouble(row.group(3))).isCloseTo(3600 / seconds, within(0.5));
    }
    assertThat(number(page, "that is (\\d+) GPU hours"))
        .isCloseTo(100_000 * teraflops / (3600 * 0.4 * peak), within(0.5));
  }

  @Test
  void thePlansOfThePageRun() throws Exception {
    Workspace workspace = new Workspace(folder);
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,a fox", "b,a hen");
    List<String> plans =
        page("sizing")
            .lines()
            .filter(line -> line.startsWith("    deploy/submit plan "))
            .map(line -> line.strip().substring("deploy/submit ".length()))
            .toList();

    assertThat(plans).hasSize(2);
    for (String plan : plans) {
      String[] command =
          plan.replace("prompts.csv", prompts.toString())
              .replace(" out ", " " + folder.resolve("out") + " ")
              .split(" ");
      CommandLineRun run = CommandLineRun.of(command);
      assertThat(run.code()).as(run.err()).isZero();
      assertThat(run.out()).contains("2 to make").containsPattern("time: +about ");
    }
  }

  private static double number(String page, String pattern) {
    var match = Pattern.compile(pattern).matcher(page);
    assertThat(match.find()).as(pattern).isTrue();
    return Double.parseDouble(match.group(1).replace(",", ""));
  }

  private static List<String> headings(Path page) {
    try {
      return Files.readAllLines(page).stream()
          .filter(line -> line.startsWith("#"))
          .map(
              line ->
                  line.replaceFirst("^#+ ", "")
                      .toLowerCase(Locale.ROOT)
                      .replaceAll("[^a-z0-9 -]", "")
                      .replace(' ', '-'))
          .toList();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static String page(String name) throws Exception {
    return Files.readString(Project.path("docs/" + name + ".md"));
  }
}
