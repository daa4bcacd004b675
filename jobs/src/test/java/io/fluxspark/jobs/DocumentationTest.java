package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The commands of the pages run, with small models in the place of published ones, small tables and
 * few steps. {@link PromptsDocumentationTest} runs those of {@code prompts}, {@link StockSparkIT}
 * those of {@code spark-submit}.
 */
class DocumentationTest {
  private static final Pattern COMMAND =
      Pattern.compile("^ +deploy/submit ((?:.*\\\\\\n)*.*)$", Pattern.MULTILINE);
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|([^\\s\\\\]+)");

  /** What makes a command small, in the place of the page's own value. */
  private static final Map<String, Map<String, String>> SMALL =
      Map.of(
          "generate",
          Map.of("--height", "64", "--width", "64", "--num-inference-steps", "2"),
          "fine-tune",
          training(Map.of()),
          "compare-objectives",
          training(Map.of("--train-batch-size", "2", "--pictures", "2", "--step-counts", "1")));

  private static Map<String, String> training(Map<String, String> more) {
    Map<String, String> small = new TreeMap<>(more);
    small.put("--resolution", "32");
    small.put("--max-sequence-length", "8");
    small.put("--max-train-steps", "1");
    small.put("--lr-warmup-steps", "0");
    small.put("--sample-steps", "1");
    return small;
  }

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "README.md",
        "docs/approximations.md",
        "docs/architecture.md",
        "docs/inputs.md",
        "docs/prompts.md",
        "docs/sizing.md",
        "docs/training.md"
      })
  void everyCommandRuns(String page) throws IOException {
    writePicture("picture.png");
    List<List<String>> commands =
        COMMAND
            .matcher(Files.readString(Project.path(page)))
            .results()
            .map(DocumentationTest::words)
            .filter(words -> !words.get(0).equals("prompts"))
            .toList();

    assertThat(commands).isNotEmpty();
    for (List<String> words : commands) {
      CommandLineRun run =
          CommandLineRun.of(TestSpark::session, new ModelFolders(), Map.of(), arguments(words));
      assertThat(run.code()).as(words + ": " + run.err()).isZero();
    }
  }

  /** What a shell makes of a command, without what is for spark-submit. */
  private static List<String> words(MatchResult command) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(command.group(1));
    while (matcher.find()) {
      String word = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
      if (word.equals("--") || word.equals("#")) {
        return words;
      }
      words.add(word);
    }
    return words;
  }

  private String[] arguments(List<String> words) throws IOException {
    Map<String, String> small = SMALL.getOrDefault(words.get(0), Map.of());
    List<String> arguments = new ArrayList<>();
    String before = "";
    for (String word : words) {
      arguments.add(small.getOrDefault(before, value(before, word)));
      before = word;
    }
    small.forEach(
        (option, value) -> {
          if (!words.contains(option)) {
            arguments.add(option);
            arguments.add(value);
          }
        });
    return arguments.toArray(String[]::new);
  }

  private String value(String option, String word) throws IOException {
    return switch (option) {
      case "--model" -> word.startsWith("builtin:") ? word : model(word);
      case "--prompts", "--data" -> table(word);
      case "--output", "--target", "--programs", "--lora" -> folder.resolve(name(word)).toString();
      default -> word;
    };
  }

  private static String model(String location) {
    String name = location.toLowerCase(Locale.ROOT);
    return Project.golden(
            name.contains("kontext") ? "kontext" : name.contains("dev") ? "dev" : "schnell")
        .toString();
  }

  /** Without the scheme, so that it lies in the test's folder. */
  private static String name(String word) {
    return word.replaceFirst("^[a-z0-9]+:/*", "");
  }

  /** The page's own table where the project has it, else a small one of that name. */
  private String table(String word) throws IOException {
    if (word.startsWith("notebooks/")) {
      return Project.path(word).toString();
    }
    Path table = folder.resolve(name(word));
    Files.createDirectories(table.getParent());
    if (word.endsWith(".parquet")) {
      TestSpark.session().sql("SELECT 'a fox' AS prompt").write().parquet(table.toString());
    } else if (word.endsWith(".jsonl")) {
      Files.writeString(
          table,
          """
          {"prompt": "a fox", "image": "%1$s"}
          {"prompt": "a hen", "image": "%1$s"}
          """
              .formatted(folder.resolve("picture.png")));
    } else {
      Files.writeString(table, "prompt,image\na fox,picture.png\na hen,\n");
    }
    return table.toString();
  }

  private void writePicture(String name) throws IOException {
    BufferedImage picture = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    picture.createGraphics().fillRect(8, 8, 20, 20);
    ImageIO.write(picture, "png", folder.resolve(name).toFile());
  }
}
