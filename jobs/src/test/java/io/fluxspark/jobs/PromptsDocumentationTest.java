package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.request.PromptTemplates;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code docs/prompts.md} says what is so: its examples run, its lists are those of the program.
 */
class PromptsDocumentationTest {
  private static final Pattern FILE =
      Pattern.compile("^```json (\\S+)$(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern COMMAND =
      Pattern.compile("^ {4}deploy/submit prompts (.*)$", Pattern.MULTILINE);
  private static final Pattern ARGUMENT = Pattern.compile("\"([^\"]*)\"|(\\S+)");
  private static final Pattern SET =
      Pattern.compile("^\\| `([a-z-]+)` \\| (\\d+) \\| .+ \\|$", Pattern.MULTILINE);
  private static final Pattern TASK =
      Pattern.compile(
          "^\\| `([a-z-]+)` \\| `(\\S+\\.png)` \\| (.+) \\| (.+) \\|$", Pattern.MULTILINE);

  @TempDir private Path folder;
  private String page;

  @BeforeEach
  void readPage() throws IOException {
    page = Files.readString(Project.path("docs/prompts.md"));
  }

  @Test
  void everyExampleRuns() throws IOException {
    List<MatchResult> files = all(FILE);
    for (MatchResult file : files) {
      Files.writeString(folder.resolve(file.group(1)), file.group(2));
    }
    List<MatchResult> commands = all(COMMAND);

    assertThat(files).hasSize(1);
    assertThat(commands).hasSizeGreaterThan(6);
    for (MatchResult command : commands) {
      CommandLineRun run = PromptsTest.prompts(arguments(command.group(1)));
      assertThat(run.code()).as(command.group() + ": " + run.err()).isZero();
    }
  }

  @Test
  void theSetsAreThoseThatAreBuiltIn() {
    Map<String, String> documented = new TreeMap<>();
    all(SET).forEach(set -> documented.put(set.group(1), set.group(2)));
    Map<String, String> builtIn = new TreeMap<>();
    for (String name : PromptTemplates.BUILT_IN) {
      long rows =
          PromptTemplates.builtIn(name, name)
              .rows(Optional.empty(), OptionalLong.empty(), 0)
              .size();
      builtIn.put(name, Long.toString(rows));
    }

    assertThat(documented).isEqualTo(builtIn);
  }

  @Test
  void theTasksAreThoseOfTheBuiltInSetAndKontextTakesThem() throws IOException {
    List<String> documented = new ArrayList<>();
    for (MatchResult task : all(TASK)) {
      documented.add(task.group(1) + " | " + task.group(2) + " | " + task.group(3));
      ImageIO.write(
          new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB),
          "png",
          folder.resolve(task.group(2)).toFile());
    }
    List<String> builtIn = new ArrayList<>();
    for (Map<String, Object> row :
        PromptTemplates.builtIn("kontext-tasks", "tasks")
            .rows(Optional.empty(), OptionalLong.empty(), 0)) {
      String id = (String) row.get("id");
      builtIn.add(
          id.substring(0, id.lastIndexOf('-'))
              + " | "
              + row.get("image")
              + " | "
              + row.get("prompt"));
    }
    String table = folder.resolve("tasks.csv").toString();
    CommandLineRun made =
        PromptsTest.prompts("--templates", "builtin:kontext-tasks", "--output", table);
    CommandLineRun plan =
        CommandLineRun.of(
            TestSpark::session,
            new ModelFolders(),
            Map.of(),
            "plan",
            "--prompts",
            table,
            "--output",
            folder + "/out",
            "--model",
            Project.golden("kontext").toString(),
            "--json");

    assertThat(documented).containsExactlyElementsOf(builtIn).hasSize(17);
    assertThat(made.code()).as(made.err()).isZero();
    assertThat(plan.code()).as(plan.err()).isZero();
    JsonNode report = new ObjectMapper().readTree(plan.out());
    assertThat(report.get("images_to_make").asInt()).isEqualTo(17);
    assertThat(report.get("rows_invalid").asInt()).isZero();
  }

  /** What a shell makes of a line; files are those in the test's folder. */
  private String[] arguments(String line) {
    List<String> arguments = new ArrayList<>();
    Matcher words = ARGUMENT.matcher(line);
    while (words.find()) {
      String word = words.group(1) == null ? words.group(2) : words.group(1);
      String before = arguments.isEmpty() ? "" : arguments.get(arguments.size() - 1);
      boolean isFile =
          before.equals("--output")
              || (before.equals("--templates") && !word.startsWith("builtin:"));
      arguments.add(isFile ? folder.resolve(word).toString() : word);
    }
    return arguments.toArray(String[]::new);
  }

  private List<MatchResult> all(Pattern pattern) {
    return pattern.matcher(page).results().toList();
  }
}
