package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.request.PromptTemplates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptsTest {
  private static final String SET =
      """
      {"templates": [{"name": "q", "text": "{a}{b}{c}", "columns": {"height": 64}}, "{c}"],
       "slots": {"a": ["a \\"quoted\\" fox", "'", " led"], "b": [",", "\\n", "\\r\\n", "\\\\"],
                 "c": ["é\uD83E\uDD8A", "# ", "\\t", "null"]},
       "columns": {"guidance_scale": 0.1, "negative_prompt": "no, thanks", "lora_scale": [[0.5, 1]]},
       "seeds": [-9223372036854775808, 9223372036854775807]}
      """;

  @TempDir private Path folder;
  private Workspace workspace;
  private String set;

  @BeforeEach
  void writeSet() {
    workspace = new Workspace(folder);
    set = workspace.file("set.json", SET).toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"table.csv", "table.jsonl", "table.parquet"})
  void aTableIsReadAsItWasWritten(String name) {
    String table = folder.resolve("new").resolve(name).toString();

    CommandLineRun run = prompts("--templates", set, "--output", table);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).isEqualTo("104 rows written to " + table + "\n");
    assertThat(new Workspace(folder.resolve("new")).files()).containsExactly(name);
    List<Map<String, String>> expected = new ArrayList<>();
    PromptTemplates.read(SET, "set")
        .rows(Optional.empty(), OptionalLong.empty(), 0)
        .forEach(row -> expected.add(texts(row::get)));
    List<Map<String, String>> read = new ArrayList<>();
    for (Row row :
        PromptTable.open(TestSpark.session(), table, Optional.empty()).rows().collectAsList()) {
      read.add(texts(row::getAs));
    }
    assertThat(read).containsExactlyInAnyOrderElementsOf(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"table.csv", "table.jsonl", "table.parquet"})
  void aTableCanBePlanned(String name) throws IOException {
    Path table = folder.resolve(name);
    CommandLineRun made =
        prompts(
            "--templates",
            "builtin:photography",
            "--output",
            table.toString(),
            "--mode",
            "sample",
            "--count",
            "30",
            "--column",
            "sizes=64x32",
            "--column",
            "sizes=32x64");

    CommandLineRun plan =
        CommandLineRun.of(
            "plan", "--prompts", table.toString(), "--output", folder + "/out", "--json");

    assertThat(made.code()).as(made.err()).isZero();
    assertThat(plan.code()).as(plan.err()).isZero();
    JsonNode report = new ObjectMapper().readTree(plan.out());
    assertThat(report.get("images_to_make").asInt()).isEqualTo(30);
    assertThat(report.get("rows_invalid").asInt()).isZero();
    assertThat(report.get("buckets")).hasSize(2);
  }

  @Test
  void aPreviewShowsTheFirstRowsAndWritesNothing() throws IOException {
    CommandLineRun run =
        prompts("--templates", set, "--preview", "2", "--output", folder + "/table.csv");

    List<String> lines = run.out().lines().toList();
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(lines).hasSize(3).last().isEqualTo("2 of 104 rows");
    JsonNode first = new ObjectMapper().readTree(lines.get(0));
    assertThat(first.get("id").asText()).startsWith("q-");
    assertThat(first.get("prompt").asText()).isEqualTo("a \"quoted\" fox,é\uD83E\uDD8A");
    assertThat(first.get("seed").asLong()).isEqualTo(Long.MIN_VALUE);
    assertThat(workspace.files()).containsExactly("set.json");
  }

  /** What is made row by row needs no memory for rows that are not made yet. */
  @Test
  void aTableOfAnyLengthCanBePreviewed() {
    CommandLineRun run =
        prompts(
            "--templates", set, "--mode", "sample", "--count", "1000000000000", "--preview", "1");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).endsWith("1 of 1000000000000 rows\n");
  }

  @Test
  void onlySlotsAndColumnsMakeASetOnesOwn() {
    CommandLineRun run =
        prompts(
            "--templates",
            "builtin:kontext-edits-in-turn",
            "--only",
            "turn-2",
            "--only",
            "turn-1",
            "--slot",
            "coat=a coat = coat",
            "--slot",
            "coat=a cape",
            "--column",
            "image=a.png",
            "--column",
            "image=b.png",
            "--column",
            "guidance_scale=1",
            "--preview",
            "99");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("a coat = coat", "a cape", "\"image\":\"a.png\"", "\"image\":\"b.png\"")
        .contains("\"guidance_scale\":1.0", "\"id\":\"turn-1-", "\"id\":\"turn-2-")
        .doesNotContain("turn-0.png", "turn-3", "a red raincoat")
        .endsWith("8 of 8 rows\n");
  }

  @Test
  void theBuiltInSetsAreListedWithWhyTheyWork() {
    CommandLineRun run = prompts("--list");

    assertThat(run.code()).isZero();
    List<String> lines = run.out().lines().toList();
    assertThat(lines).hasSize(2 * PromptTemplates.BUILT_IN.size());
    for (int i = 0; i < PromptTemplates.BUILT_IN.size(); i++) {
      assertThat(lines.get(2 * i)).isEqualTo("builtin:" + PromptTemplates.BUILT_IN.get(i));
      assertThat(lines.get(2 * i + 1)).hasSizeGreaterThan(40);
    }
  }

  @Test
  void aFileThatIsThereStaysUnlessItIsToBeReplaced() throws IOException {
    Path table = workspace.file("table.csv", "mine");

    CommandLineRun refused = prompts("--templates", set, "--output", table.toString());

    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err())
        .isEqualTo(
            "fluxspark: error: --output "
                + table
                + ": is there already; --overwrite replaces it\n");
    assertThat(table).hasContent("mine");
    assertThat(prompts("--templates", set, "--output", table.toString(), "--overwrite").code())
        .isZero();
    assertThat(Files.readString(table)).startsWith("id,prompt,negative_prompt,height,");
    assertThat(workspace.files()).containsExactly("set.json", "table.csv");
  }

  @Test
  void anEmptyPromptIsWrittenWhereItIsNotTakenForNone() throws IOException {
    String empty = workspace.file("empty.json", "{\"templates\": [\"a\", \"\"]}").toString();

    CommandLineRun csv = prompts("--templates", empty, "--output", folder + "/table.csv");
    CommandLineRun json = prompts("--templates", empty, "--output", folder + "/table.jsonl");

    assertThat(csv.code()).isEqualTo(2);
    assertThat(csv.err())
        .startsWith(
            "fluxspark: error: --output " + folder + "/table.csv: cannot be written: row prompt-")
        .endsWith(": csv cannot tell an empty prompt from none; .jsonl or .parquet is needed\n");
    assertThat(json.code()).as(json.err()).isZero();
    assertThat(Files.readString(folder.resolve("table.jsonl"))).contains("\"prompt\":\"\"}\n");
    assertThat(workspace.files()).containsExactly("empty.json", "set.json", "table.jsonl");
  }

  @Test
  void optionsMayStandInAFile() {
    Path options = workspace.file("job.properties", "templates=" + set, "count=3");

    CommandLineRun run = prompts("--config", options.toString(), "--preview", "9");

    assertThat(run.out()).endsWith("3 of 3 rows\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--preview 1 | --templates: is missing; a JSON file or builtin:NAME is needed",
        "--templates SET | --output: is missing; a file is needed, or --preview N, or --list",
        "--templates SET --output FOLDER/t.txt | /t.txt: its name does not say a format; one that ends",
        "--templates SET --output s3a://bucket/t.csv | --output s3a://bucket/t.csv: is no local file",
        "--templates SET --output FOLDER/set.json/t.csv | /set.json/t.csv: cannot be written: ",
        "--templates SET --output FOLDER/d.csv --overwrite | /d.csv: is a folder; a file is needed",
        "--templates SET --preview -1 | --preview: -1; at least 0 is needed",
        "--templates SET --preview 1 --count 0 | --count: 0; a whole number from 1 to 1000000000000",
        "--templates SET --preview 1 --count x | Invalid value for option '--count': 'x' is not a long",
        "--templates SET --preview 1 --mode all | --mode: 'all'; grid or sample is needed",
        "--templates SET --preview 1 --mode sample | mode sample draws so many rows as count says",
        "--templates SET --preview 1 --only x | --templates SET: no template 'x'; there are q, prompt",
        "--templates SET --preview 1 --slot x=y | --templates SET: no slot 'x'; there are a, b, c",
        "--templates SET --preview 1 --slot a | --slot: 'a'; NAME=VALUE is needed",
        "--templates SET --preview 1 --column x=y | --templates SET: columns: x: no such column",
        "--templates FOLDER/no.json --preview 1 | /no.json: there is no such file; --list lists",
        "--templates FOLDER/d.csv --preview 1 | /d.csv: cannot be read: Is a directory",
        "--templates FOLDER/bytes --preview 1 | /bytes: is not in UTF-8",
        "--templates builtin:no --preview 1 | builtin:no: no such set; there are subjects-and-styles,",
      })
  void aWrongRequestIsNamed(String options, String problem) throws IOException {
    Files.createDirectory(folder.resolve("d.csv"));
    Files.write(folder.resolve("bytes"), new byte[] {'{', (byte) 0xff});
    String[] given = options.replace("SET", set).replace("FOLDER", folder.toString()).split(" ");

    CommandLineRun run = prompts(given);

    assertThat(run.code()).as(run.err()).isEqualTo(2);
    assertThat(run.err().lines()).as(run.err()).hasSize(1);
    assertThat(run.err())
        .startsWith("fluxspark: error: ")
        .contains(problem.replace("SET", set).replace("FOLDER", folder.toString()));
    assertThat(run.out()).isEmpty();
    assertThat(workspace.files()).containsExactly("bytes", "set.json");
  }

  /** The command without a Spark: one that is asked for fails the test. */
  static CommandLineRun prompts(String... options) {
    List<String> line = new ArrayList<>(List.of("prompts"));
    line.addAll(List.of(options));
    return CommandLineRun.of(
        () -> {
          throw new AssertionError("Spark was started");
        },
        ConstantPictures::open,
        Map.of(),
        line.toArray(String[]::new));
  }

  private static Map<String, String> texts(Function<String, Object> row) {
    Map<String, String> texts = new TreeMap<>();
    for (String column :
        List.of(
            "id", "prompt", "negative_prompt", "height", "guidance_scale", "seed", "lora_scale")) {
      texts.put(column, String.valueOf(row.apply(column)));
    }
    return texts;
  }
}
