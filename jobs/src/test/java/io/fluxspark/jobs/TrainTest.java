package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole trainings of small models. */
class TrainTest {
  private static final String PLAIN = Project.golden("schnell").toString();

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void writePictures() throws IOException {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      BufferedImage picture = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
      picture.createGraphics().fillRect(5 * i, 5, 20, 20);
      ImageIO.write(picture, "png", folder.resolve(i + ".png").toFile());
      rows.add("{\"prompt\": \"square " + i + "\", \"image\": \"" + i + ".png\", \"weight\": 2.5}");
    }
    data = Files.write(folder.resolve("data.jsonl"), rows);
  }

  private CommandLineRun train(String command, Object... more) {
    List<String> all = new ArrayList<>(List.of(command, "--data", data.toString()));
    all.addAll(List.of("--resolution", "32", "--max-sequence-length", "8"));
    all.addAll(List.of("--max-train-steps", "2", "--train-batch-size", "2", "--log-every", "1"));
    all.addAll(List.of("--sample-steps", "1", "--learning-rate", "1e-3"));
    Stream.of(more).map(Object::toString).forEach(all::add);
    return CommandLineRun.of(all.toArray(String[]::new));
  }

  private Path trained(String name, String command, Object... more) {
    Path output = folder.resolve(name);
    List<Object> all = new ArrayList<>(List.of(more));
    all.addAll(List.of("--output", output));
    CommandLineRun run = train(command, all.toArray());
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("step 2: " + output);
    return output;
  }

  private byte[] generated(String name, Path model, String... more) throws IOException {
    Workspace workspace = new Workspace(folder);
    List<String> all =
        new ArrayList<>(
            List.of(
                "generate",
                "--prompts",
                workspace.file("prompts.csv", "prompt,seed", "square 1,3").toString(),
                "--output",
                folder.resolve(name).toString(),
                "--model",
                model.toString(),
                "--height",
                "32",
                "--width",
                "32",
                "--max-sequence-length",
                "8",
                "--num-inference-steps",
                "2"));
    all.addAll(List.of(more));
    CommandLineRun run =
        CommandLineRun.of(
            TestSpark::session, new ModelFolders(), Map.of(), all.toArray(String[]::new));
    assertThat(run.code()).as(run.err()).isZero();
    try (Stream<Path> previews = Files.list(folder.resolve(name).resolve("preview"))) {
      return Files.readAllBytes(previews.findFirst().orElseThrow());
    }
  }

  @Test
  void aNewModelIsTrainedPartByPartAndDraws() throws IOException {
    Path vae = trained("vae", "train", "--init", PLAIN, "--train", "vae");
    Path flow =
        trained(
            "flow",
            "train",
            "--model",
            vae.resolve("model"),
            "--train",
            "transformer-and-text-encoders",
            "--caption-dropout",
            "0.5");

    for (Path output : List.of(vae, flow)) {
      assertThat(Files.readAllLines(output.resolve("loss.csv"))).hasSize(3);
      assertThat(ImageIO.read(output.resolve("loss.png").toFile())).isNotNull();
      assertThat(ImageIO.read(output.resolve("samples/step-0000002.png").toFile())).isNotNull();
      assertThat(output.resolve("checkpoints/step-2")).isDirectory();
    }
    assertThat(Files.readString(vae.resolve("model/vae/config.json")))
        .isNotEqualTo(Files.readString(Path.of(PLAIN, "vae/config.json")));
    byte[] picture = generated("out", flow.resolve("model"));
    assertThat(picture).isNotEqualTo(generated("before", vae.resolve("model")));
  }

  @Test
  void theSameCommandGoesOnAndOthersNeedAnotherFolder() throws IOException {
    Path output = trained("out", "train", "--model", PLAIN);
    String losses = Files.readString(output.resolve("loss.csv"));

    trained("out", "train", "--model", PLAIN);

    assertThat(output.resolve("loss.csv")).hasContent(losses);
    CommandLineRun other =
        train("train", "--model", PLAIN, "--output", output, "--caption-dropout", "0.1");
    assertThat(other.code()).isEqualTo(2);
    assertThat(other.err())
        .contains("has a training of other options", "captionDropout is 0.0 there")
        .hasLineCount(1);
  }

  @Test
  void aLoraChangesThePicturesThatAskForIt() throws IOException {
    Path output =
        trained(
            "lora",
            "fine-tune",
            "--model",
            PLAIN,
            "--rank",
            "2",
            "--lora-alpha",
            "64",
            "--gradient-checkpointing",
            "--dtype",
            "bfloat16");
    Path lora = output.resolve("model/pytorch_lora_weights.safetensors");

    byte[] plain = generated("plain", Path.of(PLAIN));
    byte[] adapted = generated("adapted", Path.of(PLAIN), "--lora", lora.toString());

    assertThat(adapted).isNotEqualTo(plain);
  }

  @Test
  void aKontextModelLearnsEdits() throws IOException {
    Files.writeString(
        data,
        """
        {"prompt": "move it", "image": "1.png", "cond_image": "0.png"}
        {"prompt": "draw it", "image": "2.png", "cond_image": null}
        """);
    Path kontext = Project.golden("kontext");
    Path output =
        trained("edits", "fine-tune", "--model", kontext, "--rank", "2", "--lora-alpha", "64");
    String lora = output.resolve("model/pytorch_lora_weights.safetensors").toString();
    String[] edited = {
      "--image", folder.resolve("0.png").toString(), "--auto-resize", "false", "--lora", lora
    };

    // Each of the two samples has the picture that it edits, or white, on its left.
    BufferedImage sheet = ImageIO.read(output.resolve("samples/step-0000002.png").toFile());
    assertThat(sheet.getWidth()).isGreaterThan(3 * sheet.getHeight());
    byte[] plain = generated("plain", kontext, Arrays.copyOf(edited, 4));
    byte[] adapted = generated("adapted", kontext, edited);

    assertThat(adapted).isNotEqualTo(plain);
  }

  @Test
  void distillationsMakeModelsWithAndWithoutGuidance() throws IOException {
    Path guided =
        trained("guided", "train", "--model", PLAIN, "--objective", "guidance-distillation");
    Path quick =
        trained(
            "quick",
            "train",
            "--model",
            guided.resolve("model"),
            "--objective",
            "step-distillation",
            "--teacher-steps",
            "2");

    assertThat(Files.readString(guided.resolve("model/transformer/config.json")))
        .contains("\"guidance_embeds\" : true");
    assertThat(Files.readString(quick.resolve("model/transformer/config.json")))
        .contains("\"guidance_embeds\" : false");
    generated("out", quick.resolve("model"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--model PLAIN --init PLAIN | --model, --init: one of them is needed",
        "--model PLAIN --train text | --train: 'text'; one of vae, transformer,",
        "--model PLAIN --learning-rate 0 | --learning-rate: 0.0; a number above 0 is needed",
        "--model PLAIN --caption-dropout 2 | --caption-dropout: 2; a number from 0 to 1 is needed",
        "--model PLAIN --resolution 33 | --resolution: 33; a multiple of 16 is needed",
        "--model PLAIN --objective x | --objective: 'x'; one of flow-matching,",
        "--model FILL | which is shown pictures as more channels",
        "--model PLAIN --data no.jsonl | there is no such file",
        "--model nowhere | is no folder",
      })
  void wrongRequestsAreRefusedInOneLine(String options, String problem) throws IOException {
    String[] given =
        options
            .replace("PLAIN", PLAIN)
            .replace("FILL", Project.model("fill", folder.resolve("fill")).toString())
            .split(" ");
    List<Object> all = new ArrayList<>(List.of((Object[]) given));
    all.addAll(List.of("--output", folder.resolve("out")));
    List<String> command = new ArrayList<>(List.of("train"));
    if (!options.contains("--data")) {
      command.addAll(List.of("--data", data.toString()));
    }
    all.forEach(option -> command.add(option.toString()));

    CommandLineRun run = CommandLineRun.of(command.toArray(String[]::new));

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains(problem).hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{\"text\": \"a\", \"image\": \"0.png\"} | has no column 'prompt'",
        "{\"prompt\": \"a\"} | has no column 'image'",
        "{\"prompt\": \"a\", \"image\": \"no.png\"} | there is no such file",
        "{\"prompt\": \"a\", \"image\": \"data.jsonl\"} | image: ",
        "{\"prompt\": \"a\", \"image\": \"0.png\", \"cond_image\": \"data.jsonl\"} | cond_image: ",
        "{\"prompt\": \"\", \"image\": \"0.png\"} | prompt: is empty",
        "{\"prompt\": \"a\", \"image\": \"0.png\", \"weight\": -1} | weight: '-1'; a number above 0",
      })
  void wrongTablesAreRefusedInOneLine(String row, String problem) throws IOException {
    Files.writeString(data, row.strip());

    CommandLineRun run = train("train", "--model", PLAIN, "--output", folder.resolve("out"));

    assertThat(run.code()).as(run.out()).isEqualTo(2);
    assertThat(run.err()).contains(problem).hasLineCount(1);
    assertThat(folder.resolve("out/checkpoints")).doesNotExist();
  }
}
