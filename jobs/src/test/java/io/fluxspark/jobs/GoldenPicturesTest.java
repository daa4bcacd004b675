package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.spark.ModelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole jobs on the golden folders: the pictures are diffusers', however the work is cut. */
class GoldenPicturesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "dev, one, 1",
    "dev, two, 2",
    "dev, true_cfg, 1",
    "dev, img2img, 1",
    "dev, first_block_cache, 2",
    "dev, inpaint, 2",
    "fill, one, 1",
    "control, one, 2",
    "dev, lora, 1",
    "kontext, edit, 1",
    "schnell, one, 1",
    "single/dev, one, 1",
    "float8/scaled, one, 1"
  })
  void picturesAreDiffusers(String model, String caseName, int batchSize) throws IOException {
    Workspace workspace = new Workspace(folder);
    Path golden = Project.golden(model).resolve("cases").resolve(caseName);
    List<String> rows = rows(golden);
    Path prompts = workspace.file("cases.jsonl", rows.toArray(String[]::new));

    CommandLineRun run =
        generate(
            workspace,
            prompts,
            Project.model(model, folder.resolve("model")).toString(),
            "out",
            "--auto-resize",
            "false",
            "--batch-size",
            Integer.toString(batchSize));

    assertThat(run.code()).as(run.err()).isZero();
    Map<String, int[]> pixels = workspace.pixels("out");
    assertThat(pixels).hasSize(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      int[] expected =
          Workspace.pixels(Files.readAllBytes(golden.resolve("expected_" + i + ".png")));
      assertThat(Workspace.largestDifference(pixels.get(i + "/0"), expected))
          .isLessThanOrEqualTo(1);
    }
  }

  @Test
  void lessOfTheDevicesMemoryMakesTheSamePictures() throws IOException {
    String offload = "text-encoder, modulation,decoding";
    Workspace workspace = new Workspace(folder);
    Path golden = Project.golden("dev").resolve("cases").resolve("two");
    Path prompts = workspace.file("cases.jsonl", rows(golden).toArray(String[]::new));
    String model = Project.golden("dev").toString();

    JsonNode whole = plan(workspace, prompts, model, "");
    JsonNode less = plan(workspace, prompts, model, offload);
    CommandLineRun run =
        generate(workspace, prompts, model, "out", "--batch-size", "2", "--cpu-offload", offload);

    assertThat(run.code()).as(run.err()).isZero();
    int[] expected = Workspace.pixels(Files.readAllBytes(golden.resolve("expected_1.png")));
    assertThat(Workspace.largestDifference(workspace.pixels("out").get("1/0"), expected))
        .isLessThanOrEqualTo(1);
    assertThat(whole.get("cpu_offload").asText()).isEmpty();
    assertThat(whole.get("host_bytes").asLong()).isZero();
    assertThat(less.get("cpu_offload").asText()).isEqualTo("text-encoder,modulation,decoding");
    assertThat(less.get("host_bytes").asLong()).isPositive();
    assertThat(less.get("device_bytes").asLong())
        .isLessThan(whole.get("device_bytes").asLong() * 9 / 10);
  }

  private static JsonNode plan(Workspace workspace, Path prompts, String model, String offload)
      throws IOException {
    String[] options =
        workspace.generate(
            prompts, "planned", "--model", model, "--json", "--cpu-offload", offload);
    options[0] = "plan";
    CommandLineRun run =
        CommandLineRun.of(TestSpark::session, new ModelFolders(), Map.of(), options);
    assertThat(run.code()).as(run.err()).isZero();
    return JSON.readTree(run.out());
  }

  /** With defaults of their own. */
  @ParameterizedTest
  @CsvSource({"builtin:tiny, 20, 3", "builtin:tiny-schnell, 4, 0"})
  void builtInModelsDrawWhatAPromptSays(String model, int steps, double guidance) {
    Workspace workspace = new Workspace(folder);
    Path prompts =
        workspace.file(
            "scenes.csv",
            "id,prompt,seed",
            "one,a red circle left of a blue square,1",
            "other,a blue square left of a red circle,1");

    builtIn(workspace, prompts, model, "out");

    assertThat(workspace.<Integer>byImage("out", "num_inference_steps").values())
        .containsOnly(steps);
    assertThat(workspace.<Double>byImage("out", "guidance_scale").values()).containsOnly(guidance);
    Map<String, int[]> pixels = workspace.pixels("out");
    assertThat(redLeftOfBlue(pixels.get("one/0"))).isGreaterThan(0.5);
    assertThat(redLeftOfBlue(pixels.get("other/0"))).isLessThan(-0.5);
  }

  @Test
  void theBuiltInModelOfEditsDoesWhatAnInstructionSays() throws IOException {
    Workspace workspace = new Workspace(folder);
    Path scene =
        workspace.file("scene.csv", "id,prompt,seed", "scene,a red circle left of a blue square,1");
    Path edits =
        workspace.file(
            "edits.csv",
            "id,prompt,image,seed",
            "mirror,mirror it,scene.png,1",
            "remove,remove the circle,scene.png,1");

    builtIn(workspace, scene, "builtin:tiny", "drawn");
    Files.write(
        folder.resolve("scene.png"),
        workspace.<byte[]>byImage("drawn", "image.bytes").get("scene/0"));
    builtIn(workspace, edits, "builtin:tiny-kontext", "edited");

    Map<String, int[]> pixels = workspace.pixels("edited");
    assertThat(redLeftOfBlue(pixels.get("mirror/0"))).isLessThan(-0.5);
    assertThat(red(pixels.get("mirror/0"))).isGreaterThan(0.2);
    assertThat(red(pixels.get("remove/0"))).isLessThan(0.1);
  }

  /** How much of what is red or blue is red, 0 to 1. */
  private static double red(int[] pixels) {
    double red = 0;
    double all = 0;
    for (int i = 0; i < pixels.length / 3; i++) {
      int redder = pixels[3 * i] - pixels[3 * i + 2];
      red += Math.max(redder, 0);
      all += Math.abs(redder);
    }
    return red / all;
  }

  /**
   * How much redder than blue a picture of 64 x 64 is on its left side than on its right, -1 to 1.
   */
  private static double redLeftOfBlue(int[] pixels) {
    double difference = 0;
    double all = 0;
    for (int i = 0; i < pixels.length / 3; i++) {
      int redder = pixels[3 * i] - pixels[3 * i + 2];
      difference += i % 64 < 32 ? redder : -redder;
      all += Math.abs(redder);
    }
    return difference / all;
  }

  @Test
  void batchesPartitionsAndNeighboursChangeNothing() {
    Workspace workspace = new Workspace(folder);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      rows.add(
          "{\"id\": \"p%d\", \"prompt\": \"picture %d\", \"height\": %d, \"width\": 48, \"guidance_scale\": %d.5}"
              .formatted(i, i, i % 3 == 0 ? 32 : 64, i));
    }
    Path one = workspace.file("one.jsonl", rows.toArray(String[]::new));
    Path five = folder.resolve("five.jsonl");
    TestSpark.session().read().text(one.toString()).repartition(5).write().text(five.toString());

    generated(workspace, one, "alone", "--batch-size", "1");
    generated(workspace, one, "fours", "--batch-size", "4");
    generated(workspace, five, "five partitions", "--batch-size", "4");
    generated(workspace, one, "again", "--batch-size", "4");

    Map<String, int[]> alone = workspace.pixels("alone");
    assertThat(alone).hasSize(rows.size());
    workspace
        .pixels("fours")
        .forEach(
            (image, pixels) ->
                assertThat(Workspace.largestDifference(pixels, alone.get(image)))
                    .isLessThanOrEqualTo(1));
    Map<String, String> fours = workspace.byImage("fours", "sha256");
    assertThat(workspace.<String>byImage("five partitions", "sha256")).isEqualTo(fours);
    assertThat(workspace.<String>byImage("again", "sha256")).isEqualTo(fours);
  }

  /** Of a prompt, however many seeds it has, and of the negative one that all have. */
  @Test
  void aTextIsEncodedOnce() throws IOException {
    Workspace workspace = new Workspace(folder);
    List<String> rows = new ArrayList<>(List.of("prompt,negative_prompt,true_cfg_scale"));
    for (int i = 0; i < 10; i++) {
      rows.add("number " + i + ",rain,2");
    }
    Path prompts = workspace.file("prompts.csv", rows.toArray(String[]::new));
    ModelCache.shared().closeIdle();

    generated(
        workspace,
        prompts,
        "out",
        "--num-images-per-prompt",
        "10",
        "--height",
        "16",
        "--width",
        "16",
        "--batch-size",
        "4");

    assertThat(workspace.images("out").count()).isEqualTo(100);
    try (Stream<Path> reports = Files.list(workspace.output("out").resolve("_runs"))) {
      JsonNode report = JSON.readTree(reports.findFirst().orElseThrow().toFile());
      assertThat(report.get("counts").get("texts_encoded").asInt()).isEqualTo(10 + 1);
    }
  }

  /** With the defaults of a built-in model. */
  private static void builtIn(Workspace workspace, Path prompts, String model, String output) {
    CommandLineRun run =
        CommandLineRun.of(
            TestSpark::session,
            new ModelFolders(),
            Map.of(),
            workspace.generate(prompts, output, "--model", model));
    assertThat(run.code()).as(run.err()).isZero();
  }

  private static void generated(
      Workspace workspace, Path prompts, String output, String... options) {
    CommandLineRun run =
        generate(workspace, prompts, Project.golden("dev").toString(), output, options);
    assertThat(run.code()).as(run.err()).isZero();
  }

  private static CommandLineRun generate(
      Workspace workspace, Path prompts, String model, String output, String... options) {
    List<String> all = new ArrayList<>(List.of("--model", model, "--dtype", "float32"));
    all.addAll(List.of("--num-inference-steps", "3", "--max-sequence-length", "32"));
    all.addAll(List.of(options));
    return CommandLineRun.of(
        TestSpark::session,
        new ModelFolders(),
        Map.of(),
        workspace.generate(prompts, output, all.toArray(String[]::new)));
  }

  /** A case as rows of a prompt table, with their place as id. */
  private static List<String> rows(Path golden) throws IOException {
    JsonNode call = JSON.readTree(golden.resolve("case.json").toFile());
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < call.get("seeds").size(); i++) {
      ObjectNode row = JSON.createObjectNode().put("id", i);
      row.set("seed", call.get("seeds").get(i));
      for (var field : call.properties()) {
        if (!List.of("seeds", "pipeline", "calls_reused").contains(field.getKey())) {
          JsonNode value = field.getValue();
          row.set(field.getKey(), value.isArray() ? value.get(i) : value);
        }
      }
      if (row.has("lora")) {
        row.put("lora", golden.resolve("lora.safetensors").toString());
      }
      for (String picture : List.of("input", "image", "mask_image", "control_image")) {
        Path file = golden.resolve(picture + ".png");
        if (Files.exists(file)) {
          row.put(picture.equals("input") ? "image" : picture, file.toString());
        }
      }
      rows.add(row.toString());
    }
    return rows;
  }
}
