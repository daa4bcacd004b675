package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A request that is wrong as a whole: exit code 2, one line that says what is wrong, where, and
 * what would be right, and nothing written.
 */
class BadRequestTest {
  private static final String SHARD = "diffusion_pytorch_model-00003-of-00008.safetensors";

  @TempDir private Path folder;
  private Workspace workspace;
  private Path prompts;

  @BeforeEach
  void makeWorkspace() {
    workspace = new Workspace(folder);
    prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");
  }

  @Test
  void aClipModelThatIsNoneIsNamed() throws IOException {
    Path wrong = Project.copy(Project.golden("clip"), folder.resolve("clip"));
    Files.delete(wrong.resolve("preprocessor_config.json"));
    int loads = ConstantPictures.LOADS.get();

    assertRefused(
        CommandLineRun.of(workspace.generate(prompts, "out", "--clip-model", folder + "/no")),
        "--clip-model: " + folder + "/no: is no folder; one with the config.json of a CLIPModel");
    assertRefused(
        CommandLineRun.of(workspace.generate(prompts, "out", "--clip-model", wrong.toString())),
        "preprocessor_config.json: no such file");
    assertThat(ConstantPictures.LOADS.get()).isEqualTo(loads);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--prompts-format table | there is no such table",
        "--prompts-format excel | --prompts-format: 'excel'; one of csv, json, parquet, table, iceberg, delta is needed",
        "--batch-sise 4 | unknown option '--batch-sise'; did you mean",
        "--batch-size 0 | --batch-size: 0; a whole number of at least 1 is needed",
        "--batch-size two | Invalid value for option '--batch-size': 'two' is not an int",
        "--width 100 | --width: '100'; not a multiple of 16, 96 and 112 are",
        "--width 0 | --width: '0'; a positive multiple of 16 of at most 2048 is needed",
        "--height 4096 | --height: '4096'; the limit is 2048 (--max-size)",
        "--num-inference-steps 0 | --num-inference-steps: '0'; a whole number from 1 to 1000 is needed",
        "--guidance-scale NaN | --guidance-scale: 'NaN'; a finite number of at least 0 is needed",
        "--dtype int4 | --dtype: 'int4'; one of float32, bfloat16, float16, float8_e4m3fn, int8 is needed",
        "--cpu-offload modulation,t5 | --cpu-offload: 'modulation,t5'; names out of text-encoder, modulation, decoding are needed",
        "--variant pro | --variant: 'pro'; one of dev, schnell, kontext, fill, control is needed",
        "--image-format gif | image format 'gif' is unknown; one of png, jpeg, webp is wanted",
        "--image-quality 101 | --image-quality: 101; a whole number from 1 to 100 is needed",
        "--output-format csv | --output-format: 'csv'; one of parquet, iceberg, delta is needed",
        "--max-error-fraction 2 | --max-error-fraction: 2.0; a number from 0 to 1 is needed",
        "--max-size 8 | --max-size: 8; at least 16 is needed",
        "--config nothing.properties | --config nothing.properties: there is no such file",
        "--conf spark.fluxspark.sise=1 | --conf spark.fluxspark.sise: no such option; there are",
        "--conf spark.executor.cores=1 | Spark's own settings go behind '--'",
      })
  void anOptionIsNamed(String option, String problem) {
    String[] words = option.split(" ");

    assertRefused(
        CommandLineRun.of(workspace.generate(prompts, "out", words[0], words[1])), problem);
  }

  @Test
  void aTableThatIsNotThereIsNamed() {
    assertRefused(
        CommandLineRun.of(workspace.generate(Path.of("nothing.csv"), "out")),
        "--prompts nothing.csv: there is no such file");
    assertRefused(
        CommandLineRun.of(workspace.generate(Path.of("no_table"), "out")),
        "--prompts no_table: there is no such file or table");
    assertRefused(
        CommandLineRun.of(workspace.generate(workspace.file("t.txt", "prompt", "fox"), "out")),
        "its name does not say its format; --prompts-format csv, json, parquet, table, iceberg, delta does");
    assertRefused(
        CommandLineRun.of(workspace.generate(workspace.file("t.csv"), "out")),
        "/t.csv: has no header; a line with the names of the columns is needed");
  }

  @Test
  void filesOfOneTableHaveOneHeader() {
    workspace.file("table/1.csv", "prompt,seed", "fox,1");
    workspace.file("table/2.csv", "seed,prompt", "2,hen");

    assertRefused(
        CommandLineRun.of(
            workspace.generate(folder.resolve("table"), "out", "--prompts-format", "csv")),
        "seed");
  }

  @Test
  void filesThatAreNotOfTheFormatAreNamed() {
    Path table = workspace.file("t.parquet", "prompt", "fox");

    assertRefused(
        CommandLineRun.of(workspace.generate(table, "out")),
        "--prompts " + table + ": cannot be read: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "id,text | a,fox | has no column 'prompt'; its columns are id, text",
        "prompt,SHA256 | fox,1 | column 'SHA256': is a name of an output column; rename it",
        "prompt,Prompt | fox,hen | column 'Prompt': is there twice",
        "prompt,lora | fox,x | row 1: lora: FOLDER/x: no such file",
        "prompt,lora | fox,TABLE | is no safetensors file",
        "prompt,image | fox,x.png | row 1: image: 'file:FOLDER/x.png'; there is no such file",
        "prompt,image | fox,web://x.png | image: 'web://x.png'; cannot be looked up: No FileSystem",
        "prompt,mask_image | fox,TABLE | row 1: mask_image: its image is needed too",
        "prompt,control_image | fox,TABLE | row 1: control_image: this model takes none",
        "prompt,strength | fox,0 | row 1: strength: '0'; a number above 0 and at most 1 is needed",
        "prompt,strength | fox,2 | row 1: strength: '2'; a number above 0 and at most 1 is needed",
        "prompt,lora_scale | fox,much | row 1: lora_scale: 'much'; a finite number or a list",
        "prompt,width | fox,100 | no row is valid: TABLE: row 1: width: '100'; not a multiple of 16",
        "prompt,width | fox,0 | no row is valid: TABLE: row 1: width: '0'; a positive multiple of 16",
        "prompt,height | fox,2064 | row 1: height: '2064'; the limit is 2048 (--max-size)",
        "prompt,num_inference_steps | fox,0 | row 1: num_inference_steps: '0'; a whole number",
        "prompt,guidance_scale | fox,NaN | row 1: guidance_scale: 'NaN'; a finite number",
        "prompt,id | ,a | row 1: prompt: is null; a text is needed, it may be empty",
        "prompt | | has no rows",
      })
  void aTableIsNamed(String header, String row, String problem) {
    String name = folder.resolve("t.csv").toString();
    Path table =
        row == null
            ? workspace.file("t.csv", header)
            : workspace.file("t.csv", header, row.replace("TABLE", name));

    assertRefused(
        CommandLineRun.of(workspace.generate(table, "out")),
        problem.replace("TABLE", name).replace("FOLDER", folder.toString()));
  }

  @Test
  void theFirstOfManyWrongRowsAreNamed() {
    Path table = workspace.file("t.csv", "prompt,width", "a,1", "b,2", "c,3", "d,4");

    CommandLineRun run = CommandLineRun.of(workspace.generate(table, "out"));

    assertRefused(run, "row 3: width: '3'");
    assertThat(run.err()).doesNotContain("row 4");
  }

  @Test
  void anOutputThatIsNotOursIsRefused() throws IOException {
    Path note = workspace.output("out").resolve("note.txt");
    Files.createDirectories(note.getParent());
    Files.writeString(note, "mine");

    CommandLineRun run = CommandLineRun.of(workspace.generate(prompts, "out"));

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("/out: is there, and no output of this program");
    assertThat(workspace.files()).containsExactly("out/note.txt", "prompts.csv");
  }

  @Test
  void aModelFolderThatLacksSomethingIsRefused() {
    refusedModel("no folder", model -> folder.resolve("nothing"), "is no folder");
    refusedModel(
        "no index", model -> deleted(model, "model_index.json"), "model_index.json is not there");
    refusedModel("no configuration", model -> deleted(model, "vae/config.json"), "vae/config.json");
    refusedModel(
        "no shard",
        model -> deleted(model, "transformer/" + SHARD),
        "shard " + SHARD + " is not there");
    refusedModel(
        "no tensor",
        model -> changedTensor(model, header -> header.remove("decoder.conv_in.bias")),
        "bytes before tensor");
    refusedModel(
        "renamed tensor",
        model ->
            changedTensor(
                model,
                header ->
                    header.set("decoder.conv_in.other", header.remove("decoder.conv_in.bias"))),
        "tensor 'decoder.conv_in.bias' of shape [32] is lacking");
    refusedModel(
        "wrong shape",
        model ->
            changedTensor(
                model,
                header ->
                    header.withObject("/decoder.conv_in.bias").putArray("shape").add(4).add(8)),
        "tensor 'decoder.conv_in.bias' has shape [4, 8]; the configuration wants [32]");
  }

  @Test
  void aDamagedSafetensorsFileIsRefused() {
    refusedModel("cut off", model -> truncated(model, 1000), "is cut off");
    refusedModel("cut in its length", model -> truncated(model, 5), "has 5 bytes");
    refusedModel(
        "too long",
        model -> overwritten(model, ByteBuffer.allocate(8).putLong(-1).array()),
        "bytes");
    refusedModel(
        "not JSON",
        model -> overwritten(model, new byte[] {16, 0, 0, 0, 0, 0, 0, 0, '?'}),
        "not JSON");
    refusedModel(
        "overlapping",
        model ->
            changedTensor(
                model,
                header -> {
                  header.set("copy", header.get("decoder.conv_in.bias"));
                  return null;
                }),
        "overlaps");
  }

  private void refusedModel(String name, UnaryOperator<Path> damage, String problem) {
    Path model = damage.apply(Project.copy(Project.golden("schnell"), folder.resolve(name)));

    CommandLineRun generate =
        CommandLineRun.of(
            TestSpark::session,
            new ModelFolders(),
            Map.of(),
            workspace.generate(prompts, "out", "--model", model.toString()));
    CommandLineRun inspect = CommandLineRun.of("inspect", "--model", model.toString());

    assertRefused(generate, problem);
    assertThat(generate.err()).contains("--model").contains(model.toString());
    assertThat(inspect.code()).isEqualTo(2);
    assertThat(inspect.err()).contains(problem);
  }

  private void assertRefused(CommandLineRun run, String problem) {
    assertThat(run.code()).as(run.err()).isEqualTo(2);
    assertThat(run.err().strip().lines()).as(run.err()).hasSize(1);
    assertThat(run.err()).startsWith("fluxspark: error: ").contains(problem);
    assertThat(run.out()).isEmpty();
    assertThat(workspace.output("out")).doesNotExist();
  }

  private static Path deleted(Path model, String file) {
    try {
      Files.delete(model.resolve(file));
      return model;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path truncated(Path model, long length) {
    try (RandomAccessFile file = new RandomAccessFile(vae(model).toFile(), "rw")) {
      file.setLength(length);
      return model;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path overwritten(Path model, byte[] start) {
    try (RandomAccessFile file = new RandomAccessFile(vae(model).toFile(), "rw")) {
      file.write(start);
      return model;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface HeaderChange {
    Object apply(ObjectNode header);
  }

  /** The autoencoder's file with another header before the same data. */
  private static Path changedTensor(Path model, HeaderChange change) {
    try {
      byte[] file = Files.readAllBytes(vae(model));
      int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
      ObjectNode header =
          (ObjectNode)
              new ObjectMapper().readTree(new String(file, 8, length, StandardCharsets.UTF_8));
      change.apply(header);
      byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
      ByteBuffer changed =
          ByteBuffer.allocate(8 + json.length + file.length - 8 - length)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(json.length)
              .put(json)
              .put(file, 8 + length, file.length - 8 - length);
      Files.write(vae(model), changed.array());
      return model;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path vae(Path model) {
    return model.resolve("vae/diffusion_pytorch_model.safetensors");
  }
}
