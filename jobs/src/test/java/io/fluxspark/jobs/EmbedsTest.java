package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.request.PromptEmbeds;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.TensorEntry;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole jobs whose rows give embeddings in place of prompts. */
class EmbedsTest {
  private static final Path CASES = Project.golden("dev").resolve("cases");
  private static final int WIDTH = 64;
  private static final int POOLED_WIDTH = 32;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  /** What diffusers' encoders gave, in each form that a table may have. */
  @ParameterizedTest
  @CsvSource({
    "one, FLOATS, 1",
    "one, BYTES, 1",
    "one, JSON, 1",
    "two, FLOATS, 2",
    "true_cfg, BYTES, 1",
  })
  void goldenEmbeddingsGiveTheGoldenPictures(String caseName, Form form, int batchSize)
      throws IOException {
    Workspace workspace = new Workspace(folder);
    Path golden = CASES.resolve(caseName);
    JsonNode call = JSON.readTree(golden.resolve("case.json").toFile());
    int count = call.get("seeds").size();
    byte[] hidden = tensor(golden, "t5_hidden"); // (B, L, 64)
    byte[] pooled = tensor(golden, "clip_pooled"); // (B, 32)
    List<Object[]> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(
          new Object[] {
            Integer.toString(i),
            call.get("seeds").get(i).asLong(),
            call.path("negative_prompt").asText(null),
            part(hidden, i, count),
            part(pooled, i, count)
          });
    }
    List<String> options = new ArrayList<>(List.of("--batch-size", Integer.toString(batchSize)));
    for (String column : List.of("height", "width", "num_inference_steps", "guidance_scale")) {
      options.addAll(List.of("--" + column.replace('_', '-'), call.get(column).asText()));
    }
    options.addAll(List.of("--true-cfg-scale", call.path("true_cfg_scale").asText("1")));

    CommandLineRun run =
        run(workspace, form.table(folder, rows), "out", options.toArray(String[]::new));

    assertThat(run.code()).as(run.err()).isZero();
    Map<String, int[]> pixels = workspace.pixels("out");
    assertThat(pixels).hasSize(count);
    for (int i = 0; i < count; i++) {
      int[] expected =
          Workspace.pixels(Files.readAllBytes(golden.resolve("expected_" + i + ".png")));
      assertThat(Workspace.largestDifference(pixels.get(i + "/0"), expected))
          .isLessThanOrEqualTo(1);
    }
    assertThat(workspace.<String>byImage("out", "prompt_embeds_sha256"))
        .containsEntry("0/0", DigestUtils.sha256Hex(part(hidden, 0, count)));
    assertThat(workspace.<String>byImage("out", "pooled_prompt_embeds_sha256"))
        .containsEntry("0/0", DigestUtils.sha256Hex(part(pooled, 0, count)));
    assertThat(workspace.<String>byImage("out", "prompt")).containsEntry("0/0", null);
    assertThat(workspace.<Integer>byImage("out", "max_sequence_length"))
        .containsEntry("0/0", call.get("max_sequence_length").asInt());
  }

  @Test
  void oneTableMixesTextsAndEmbeddingsOfAllLengths() throws IOException {
    Workspace workspace = new Workspace(folder);
    String image = ", \"image\": \"" + CASES.resolve("img2img/input.png") + "\"";
    String lora = ", \"lora\": \"" + CASES.resolve("lora/lora.safetensors") + "\"";
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      rows.add("{\"id\": \"text %d\", \"prompt\": \"a fox %d\", \"seed\": %d}".formatted(i, i, i));
      rows.add(embeds("three " + i, 3, i, ""));
      rows.add(embeds("seven " + i, 7, i, ""));
      rows.add(embeds("as long as texts " + i, 16, i, ""));
    }
    rows.add(embeds("of a picture", 3, 5, image));
    rows.add(embeds("adapted", 3, 5, lora));
    rows.add(embeds("steered", 3, 5, ", \"negative_prompt\": \"rain\", \"true_cfg_scale\": 3"));
    rows.add(embeds("not steered", 3, 5, ""));
    rows.add(embeds("several", 3, 6, ", \"num_images_per_prompt\": 2"));
    Path table = workspace.file("rows.jsonl", rows.toArray(String[]::new));

    CommandLineRun run = small(workspace, table, "together", "--batch-size", "4", "--scores");
    assertThat(run.code()).as(run.err()).isZero();

    Map<String, int[]> together = workspace.pixels("together");
    assertThat(together).hasSize(rows.size() + 1);
    for (String kind :
        List.of("text", "three", "seven", "as long", "of a|adapted|steered|not|sev")) {
      Path alone =
          workspace.file(
              kind + ".jsonl",
              rows.stream()
                  .filter(row -> row.matches(".*\"id\": \"(" + kind + ").*"))
                  .toArray(String[]::new));
      CommandLineRun one = small(workspace, alone, kind, "--batch-size", "1");
      assertThat(one.code()).as(one.err()).isZero();
      workspace
          .pixels(kind)
          .forEach(
              (id, pixels) ->
                  assertThat(Workspace.largestDifference(pixels, together.get(id)))
                      .as(id)
                      .isLessThanOrEqualTo(1));
    }
    assertThat(
            Stream.of("text 0/0", "three 0/0", "seven 0/0", "as long as texts 0/0")
                .map(id -> Arrays.hashCode(together.get(id)))
                .distinct())
        .hasSize(4);
    assertThat(together.get("steered/0")).isNotEqualTo(together.get("not steered/0"));
    assertThat(together.get("adapted/0")).isNotEqualTo(together.get("not steered/0"));
    assertThat(together.get("several/0")).isNotEqualTo(together.get("several/1"));
    assertThat(workspace.<String>byImage("together", "prompt_embeds_sha256"))
        .containsEntry("text 0/0", null);
    assertThat(workspace.<Integer>byImage("together", "t5_tokens_cut"))
        .containsEntry("three 0/0", 0);
    assertThat(Files.readString(folder.resolve("together/gallery.html")))
        .contains("(given embeddings)");

    CommandLineRun again = small(workspace, table, "together", "--batch-size", "4", "--scores");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(workspace.images("together").count()).isEqualTo(together.size());
    exported(together.size());
  }

  /** Only pictures with a prompt have a file with it. */
  private void exported(int pictures) throws IOException {
    CommandLineRun run =
        CommandLineRun.of(
            "export",
            "--output",
            folder + "/together",
            "--to",
            "files",
            "--target",
            folder + "/files",
            "--skip-near-duplicates",
            "0");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains(pictures + " pictures exported");
    List<String> names = new Workspace(folder.resolve("files")).files();
    assertThat(names).filteredOn(name -> name.endsWith(".png")).hasSize(pictures);
    assertThat(names).filteredOn(name -> name.endsWith(".txt")).hasSize(3);
  }

  @Test
  void aRowWithoutIdIsKnownByItsEmbeddings() {
    Workspace workspace = new Workspace(folder);
    byte[] pooled = bytes(random(1, POOLED_WIDTH, 0));
    List<Object[]> rows = new ArrayList<>();
    for (int seed : new int[] {1, 2, 1}) {
      rows.add(new Object[] {null, null, null, bytes(random(4, WIDTH, seed)), pooled});
    }

    CommandLineRun first = small(workspace, Form.BYTES.table(folder, rows), "out");
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(workspace.images("out").count()).isEqualTo(2);

    rows.add(new Object[] {null, null, null, bytes(random(5, WIDTH, 1)), pooled});
    CommandLineRun second =
        small(workspace, Form.FLOATS.table(folder.resolve("more"), rows), "out");
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(workspace.images("out").count()).isEqualTo(3);
  }

  @Test
  void aRowThatIsWrongIsAnErrorRow() {
    Workspace workspace = new Workspace(folder);
    String pooled = json(random(1, POOLED_WIDTH, 0)[0]);
    String vector = json(random(1, WIDTH, 0)[0]);
    Path table =
        workspace.file(
            "rows.jsonl",
            embeds("good", 2, 1, ""),
            embeds("both", 2, 1, ", \"prompt\": \"a fox\""),
            embeds("both texts", 2, 1, ", \"prompt_2\": \"a fox\""),
            embeds("length", 2, 1, ", \"max_sequence_length\": 77"),
            "{\"id\": \"one\", \"prompt_embeds\": [%s]}".formatted(vector),
            "{\"id\": \"other\", \"pooled_prompt_embeds\": %s}".formatted(pooled),
            row("none", "[]", pooled),
            row("many", Stream.generate(() -> vector).limit(513).toList().toString(), pooled),
            row("uneven", "[%s, [1, 2]]".formatted(vector), pooled),
            row("narrow", "[[1, 2], [3, 4]]", pooled),
            row("wide", "[%s]".formatted(vector), vector),
            row("infinite", "[%s]".formatted(vector), pooled.replaceFirst("[-0-9.E]+", "NaN")),
            row("hole", "[%s]".formatted(vector), pooled.replaceFirst("[-0-9.E]+", "null")),
            row("text", "\"a fox\"", pooled),
            row("texts", "[[\"a\"]]", pooled),
            "{\"id\": \"nothing\"}");

    CommandLineRun run = small(workspace, table, "out", "--max-error-fraction", "1");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(workspace.pixels("out")).containsOnlyKeys("good/0");
    Map<String, String> errors = new TreeMap<>();
    List<Row> failed = workspace.errors("out");
    failed.forEach(row -> errors.put(row.getAs("id"), row.getAs("error_message")));
    String rowOf = table + ": row ";
    assertThat(errors)
        .containsEntry(
            "both",
            rowOf
                + "2: prompt: is given beside embeddings, which take its place; one of them is"
                + " needed")
        .containsEntry(
            "both texts",
            rowOf
                + "3: prompt_2: is given beside embeddings, which take its place; one of them is"
                + " needed")
        .containsEntry(
            "length",
            rowOf
                + "4: max_sequence_length: is 77 beside prompt_embeds of 2 vectors, which count;"
                + " null is needed")
        .containsEntry(
            "one", rowOf + "5: pooled_prompt_embeds: is null; prompt_embeds needs it beside it")
        .containsEntry(
            "other", rowOf + "6: prompt_embeds: is null; pooled_prompt_embeds needs it beside it")
        .containsEntry("none", rowOf + "7: prompt_embeds: has 0 vectors; 1 to 512 are needed")
        .containsEntry("many", rowOf + "8: prompt_embeds: has 513 vectors; 1 to 512 are needed")
        .containsEntry(
            "uneven",
            rowOf
                + "9: prompt_embeds: vector 2 of 2 has 2 numbers; 64, this model's"
                + " joint_attention_dim, are needed")
        .containsEntry(
            "narrow",
            rowOf
                + "10: prompt_embeds: vector 1 of 2 has 2 numbers; 64, this model's"
                + " joint_attention_dim, are needed")
        .containsEntry(
            "wide",
            rowOf
                + "11: pooled_prompt_embeds: has 64 numbers; 32, this model's"
                + " pooled_projection_dim, are needed")
        .containsEntry(
            "infinite",
            rowOf + "12: pooled_prompt_embeds: number 1 of vector 1 is no finite float32")
        .containsEntry(
            "hole", rowOf + "13: pooled_prompt_embeds: number 1 of vector 1 is no finite float32")
        .containsEntry("nothing", rowOf + "16: prompt: is null; a text is needed, it may be empty")
        .hasSize(15);
    assertThat(errors.get("text")).startsWith(rowOf + "14: cannot be taken apart");
    assertThat(errors.get("texts")).startsWith(rowOf + "15: cannot be taken apart");
    Row wide = failed.stream().filter(row -> "wide".equals(row.getAs("id"))).findFirst().get();
    assertThat(wide.<String>getAs("prompt")).isNull();
    assertThat(wide.<String>getAs("prompt_embeds")).isEqualTo("a list of 1");
    assertThat(wide.<String>getAs("pooled_prompt_embeds")).isEqualTo("a list of 64");
  }

  @Test
  void aTableOfCsvIsRefused() {
    Workspace workspace = new Workspace(folder);
    Path table =
        workspace.file("rows.csv", "prompt,prompt_embeds,pooled_prompt_embeds", ",[[1]],[1]");

    CommandLineRun run = small(workspace, table, "out");

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .isEqualTo(
            "fluxspark: error: "
                + table
                + ": column 'prompt_embeds': has type STRING; ARRAY<ARRAY<DOUBLE>> or bytes are"
                + " needed, which Parquet, json lines and Spark tables hold, csv cannot\n");
    assertThat(workspace.output("out")).doesNotExist();
  }

  @Test
  void planSaysWhichBatchesAreOfEmbeddings() throws IOException {
    Workspace workspace = new Workspace(folder);
    Path table =
        workspace.file(
            "rows.jsonl",
            embeds("a", 5, 1, ""),
            embeds("b", 5, 2, ""),
            "{\"id\": \"c\", \"prompt\": \"a fox\", \"max_sequence_length\": 5}",
            row("wrong", "[[1]]", "[1]"));
    String[] plan = workspace.generate(table, "out", "--model", golden());
    plan[0] = "plan";
    CommandLineRun text = CommandLineRun.of(TestSpark::session, new ModelFolders(), Map.of(), plan);
    String[] json = Arrays.copyOf(plan, plan.length + 1);
    json[plan.length] = "--json";
    CommandLineRun run = CommandLineRun.of(TestSpark::session, new ModelFolders(), Map.of(), json);

    assertThat(run.code()).as(run.err()).isZero();
    JsonNode buckets = JSON.readTree(run.out()).get("buckets");
    assertThat(buckets).hasSize(2);
    assertThat(buckets.get(0).get("given_embeds").asBoolean()).isFalse();
    assertThat(buckets.get(1).get("given_embeds").asBoolean()).isTrue();
    assertThat(buckets.get(1).get("images").asInt()).isEqualTo(2);
    assertThat(buckets.get(1).get("max_sequence_length").asInt()).isEqualTo(5);
    assertThat(text.out()).containsOnlyOnce("  given embeddings").contains("wrong:     1 rows");
  }

  private static String golden() {
    return Project.golden("dev").toString();
  }

  private static CommandLineRun small(
      Workspace workspace, Path table, String output, String... options) {
    List<String> all = new ArrayList<>(List.of("--height", "48", "--width", "64"));
    all.addAll(List.of("--num-inference-steps", "3", "--max-sequence-length", "16"));
    all.addAll(Arrays.asList(options));
    return run(workspace, table, output, all.toArray(String[]::new));
  }

  private static CommandLineRun run(
      Workspace workspace, Path table, String output, String... options) {
    List<String> all = new ArrayList<>(List.of("--model", golden(), "--dtype", "float32"));
    all.addAll(Arrays.asList(options));
    return CommandLineRun.of(
        TestSpark::session,
        new ModelFolders(),
        Map.of(),
        workspace.generate(table, output, all.toArray(String[]::new)));
  }

  private static byte[] tensor(Path golden, String name) throws IOException {
    TensorEntry entry = Checkpoint.open(golden, "expected").find(name).orElseThrow().parts().get(0);
    byte[] file = Files.readAllBytes(entry.file());
    int start = Math.toIntExact(entry.offset());
    return Arrays.copyOfRange(file, start, start + Math.toIntExact(entry.length()));
  }

  private static byte[] part(byte[] all, int index, int count) {
    int size = all.length / count;
    return Arrays.copyOfRange(all, index * size, (index + 1) * size);
  }

  /** A row of json lines with random embeddings. */
  private static String embeds(String id, int length, int seed, String more) {
    String prompt =
        Stream.of(random(length, WIDTH, seed)).map(EmbedsTest::json).toList().toString();
    return row(id, prompt, json(random(1, POOLED_WIDTH, seed)[0]))
        .replaceFirst("}$", ", \"seed\": " + seed + more.replace("$", "\\$") + "}");
  }

  private static String row(String id, String prompt, String pooled) {
    return "{\"id\": \"%s\", \"prompt_embeds\": %s, \"pooled_prompt_embeds\": %s}"
        .formatted(id, prompt, pooled);
  }

  private static String json(float[] numbers) {
    return Arrays.toString(numbers);
  }

  private static float[][] random(int length, int width, int seed) {
    Random random = new Random(seed);
    float[][] vectors = new float[length][width];
    for (float[] vector : vectors) {
      for (int i = 0; i < width; i++) {
        vector[i] = (float) random.nextGaussian();
      }
    }
    return vectors;
  }

  private static byte[] bytes(float[][] vectors) {
    byte[] bytes = new byte[4 * vectors.length * vectors[0].length];
    FloatBuffer numbers = PromptEmbeds.numbers(bytes);
    for (float[] vector : vectors) {
      numbers.put(vector);
    }
    return bytes;
  }

  /** How a table holds embeddings. */
  private enum Form {
    FLOATS(
        DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.FloatType)),
        DataTypes.createArrayType(DataTypes.FloatType)) {
      @Override
      Object value(byte[] bytes, boolean isPooled) {
        return isPooled ? vectors(bytes, POOLED_WIDTH).get(0) : vectors(bytes, WIDTH);
      }
    },
    BYTES(DataTypes.BinaryType, DataTypes.BinaryType) {
      @Override
      Object value(byte[] bytes, boolean isPooled) {
        return bytes;
      }
    },
    JSON(FLOATS.prompt, FLOATS.pooled) {
      @Override
      Object value(byte[] bytes, boolean isPooled) {
        return FLOATS.value(bytes, isPooled);
      }
    };

    private final DataType prompt;
    private final DataType pooled;

    Form(DataType prompt, DataType pooled) {
      this.prompt = prompt;
      this.pooled = pooled;
    }

    abstract Object value(byte[] bytes, boolean isPooled);

    /**
     * A table without a column {@code prompt}.
     *
     * @param rows id, seed, negative prompt, and embeddings as bytes
     */
    Path table(Path folder, List<Object[]> rows) {
      StructType schema =
          new StructType()
              .add("id", DataTypes.StringType)
              .add("seed", DataTypes.LongType)
              .add("negative_prompt", DataTypes.StringType)
              .add("prompt_embeds", prompt)
              .add("pooled_prompt_embeds", pooled);
      List<Row> values =
          rows.stream()
              .map(
                  row ->
                      RowFactory.create(
                          row[0],
                          row[1],
                          row[2],
                          value((byte[]) row[3], false),
                          value((byte[]) row[4], true)))
              .toList();
      Path table = folder.resolve(this == JSON ? "table.jsonl" : "table.parquet");
      var writer = TestSpark.session().createDataFrame(values, schema).coalesce(1).write();
      if (this == JSON) {
        writer.json(table.toString());
      } else {
        writer.parquet(table.toString());
      }
      return table;
    }

    private static List<List<Float>> vectors(byte[] bytes, int width) {
      FloatBuffer numbers = PromptEmbeds.numbers(bytes);
      return IntStream.range(0, numbers.remaining() / width)
          .mapToObj(
              i -> IntStream.range(0, width).mapToObj(j -> numbers.get(i * width + j)).toList())
          .toList();
    }
  }
}
