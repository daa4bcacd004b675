package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole jobs whose rows bring pictures and LoRAs. */
class InputsTest {
  private static final Path CASES = Project.golden("dev").resolve("cases");
  private static final Path IMAGE = CASES.resolve("img2img/input.png");
  private static final Path MASK = CASES.resolve("inpaint/mask_image.png");
  private static final Path LORA = CASES.resolve("lora/lora.safetensors");

  @TempDir private Path folder;

  @Test
  void oneTableMixesAllTasksSizesAndLoras() throws IOException {
    Workspace workspace = new Workspace(folder);
    Files.copy(IMAGE, folder.resolve("beside the table.png"));
    Files.copy(LORA, folder.resolve("beside the table.safetensors"));
    String image = "\"image\": \"" + IMAGE + "\", ";
    String lora = "\"lora\": \"" + LORA + "\", ";
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      rows.add(row("text", i, ""));
      rows.add(row("adapted", i, lora));
      rows.add(row("adapted beside", i, "\"lora\": \"beside the table.safetensors\", "));
      rows.add(row("adapted more", i, lora + "\"lora_scale\": 3, "));
      rows.add(row("both", i, lora.replaceAll(": (.*), ", ": [$1, $1], \"lora_scale\": [1, 2], ")));
      rows.add(row("changed", i, image));
      rows.add(row("relative", i, "\"image\": \"beside the table.png\", "));
      rows.add(row("weaker", i, image + "\"strength\": 0.3, "));
      rows.add(row("in part", i, image + "\"mask_image\": \"" + MASK + "\", "));
      rows.add(row("changed and adapted", i, image + lora));
    }
    Path table = workspace.file("rows.jsonl", rows.toArray(String[]::new));

    generated(workspace, table, "together", "--batch-size", "4");
    generated(workspace, table, "alone", "--batch-size", "1");

    Map<String, int[]> together = workspace.pixels("together");
    Map<String, int[]> alone = workspace.pixels("alone");
    assertThat(together).hasSize(rows.size());
    together.forEach(
        (id, pixels) ->
            assertThat(Workspace.largestDifference(pixels, alone.get(id)))
                .as(id)
                .isLessThanOrEqualTo(1));
    assertThat(together.get("relative 0/0")).isEqualTo(together.get("changed 0/0"));
    assertThat(
            Workspace.largestDifference(
                together.get("adapted beside 0/0"), together.get("adapted 0/0")))
        .isLessThanOrEqualTo(1);
    assertThat(
            Workspace.largestDifference(together.get("both 0/0"), together.get("adapted more 0/0")))
        .as("two of 1 and 2 are one of 3")
        .isLessThanOrEqualTo(1);
    assertThat(
            distinct(together, "text", "adapted", "adapted more", "changed", "weaker", "in part"))
        .isEqualTo(6);
    Map<String, String> tasks = workspace.byImage("together", "task");
    assertThat(tasks)
        .containsEntry("text 0/0", "text-to-image")
        .containsEntry("adapted 0/0", "text-to-image")
        .containsEntry("weaker 1/0", "image-to-image")
        .containsEntry("in part 1/0", "inpaint");
    Row input = workspace.<Row>byImage("together", "input_image").get("in part 0/0");
    assertThat(input.<String>getAs("path")).isEqualTo(IMAGE.toString());
    assertThat(input.<String>getAs("sha256"))
        .isEqualTo(DigestUtils.sha256Hex(Files.readAllBytes(IMAGE)));
    assertThat(workspace.<Object>byImage("together", "input_image").get("text 0/0")).isNull();
    assertThat(workspace.<Double>byImage("together", "strength"))
        .containsEntry("changed 0/0", 0.6)
        .containsEntry("text 0/0", null);

    CommandLineRun again = generate(workspace, table, "dev", "together");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(workspace.images("together").count()).isEqualTo(rows.size());
  }

  @Test
  void picturesMayBeBytesOrStructs() throws IOException {
    Workspace workspace = new Workspace(folder);
    byte[] file = Files.readAllBytes(IMAGE);
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("prompt", DataTypes.StringType)
            .add("seed", DataTypes.LongType)
            .add("image", DataTypes.BinaryType);
    var rows =
        TestSpark.session()
            .createDataFrame(List.of(RowFactory.create("a", "a fox", 3L, file)), schema);
    rows.write().parquet(folder.resolve("bytes.parquet").toString());
    rows.withColumn("image", struct(col("image").as("bytes"), lit("fox.png").as("path")))
        .write()
        .parquet(folder.resolve("structs.parquet").toString());
    Path paths = workspace.file("paths.csv", "id,prompt,seed,image", "a,a fox,3,file:" + IMAGE);

    generated(workspace, folder.resolve("bytes.parquet"), "bytes");
    generated(workspace, folder.resolve("structs.parquet"), "structs");
    generated(workspace, paths, "paths");

    int[] pixels = workspace.pixels("paths").get("a/0");
    assertThat(workspace.pixels("bytes").get("a/0")).isEqualTo(pixels);
    assertThat(workspace.pixels("structs").get("a/0")).isEqualTo(pixels);
    Row input = workspace.<Row>byImage("structs", "input_image").get("a/0");
    assertThat(input.<String>getAs("path")).isEqualTo("fox.png");
    assertThat(input.<String>getAs("sha256")).isEqualTo(DigestUtils.sha256Hex(file));
  }

  @Test
  void whatIsWrongWithARowsFilesIsInItsErrorRow() throws IOException {
    Workspace workspace = new Workspace(folder);
    Path small = picture("small.png", 32, 32);
    byte[] whole = Files.readAllBytes(IMAGE);
    Path cut = Files.write(folder.resolve("cut.png"), Arrays.copyOf(whole, whole.length / 2));
    Path text = workspace.file("text.png", "no picture");
    Path other = folder.resolve("other.safetensors");
    Files.copy(Project.golden("dev").resolve("vae/diffusion_pytorch_model.safetensors"), other);
    Path table =
        workspace.file(
            "rows.csv",
            "id,prompt,image,mask_image,lora",
            "1,good,,,",
            "2,a mask of another size," + IMAGE + "," + small + ",",
            "3,cut off," + cut + ",,",
            "4,text," + text + ",,",
            "5,no LoRA,,," + other,
            "6,a folder," + folder + ",,",
            "7,good," + small + ",,");

    CommandLineRun run = generate(workspace, table, "dev", "out", "--max-error-fraction", "1");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(workspace.pixels("out")).containsOnlyKeys("1/0", "7/0");
    Map<String, String> errors = new TreeMap<>();
    workspace.errors("out").forEach(row -> errors.put(row.getAs("id"), row.getAs("error_message")));
    assertThat(errors.get("2"))
        .isEqualTo("mask_image: has 32 x 32 pixels; the size of image, 64 x 64, is needed");
    assertThat(errors.get("3")).startsWith("image: '" + cut + "'; ");
    assertThat(errors.get("4")).startsWith("image: '" + text + "'; ");
    assertThat(errors.get("5")).contains("lora: ").contains("fits no layer of FLUX.1");
    assertThat(errors.get("6")).contains("image: '" + folder + "'; there is no such file");
  }

  @Test
  void aLoraOfAnotherModelIsRefusedAtOnce() {
    Workspace workspace = new Workspace(folder);
    Path table = workspace.file("rows.csv", "prompt", "a fox");

    CommandLineRun run = generate(workspace, table, "kontext", "out", "--lora", LORA.toString());

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("lora: ").contains("the LoRA was made for another model");
    assertThat(workspace.output("out")).doesNotExist();
  }

  /** Pictures of other sizes are other numbers of tokens, which share no batch. */
  @Test
  void aKontextModelIsShownPicturesOfAnySize() throws IOException {
    Workspace workspace = new Workspace(folder);
    List<String> rows = new ArrayList<>(List.of("id,prompt,image"));
    rows.add("0,make it blue," + picture("a.png", 64, 48));
    rows.add("1,make it blue," + picture("b.png", 50, 33));
    rows.add("2,make it blue," + picture("c.png", 64, 48));
    rows.add("3,no picture,");
    rows.add("4,too small," + picture("d.png", 15, 64));
    Path table = workspace.file("rows.csv", rows.toArray(String[]::new));
    String[] options = {"--auto-resize", "false", "--max-error-fraction", "1"};

    for (String batchSize : List.of("1", "4")) {
      List<String> all = new ArrayList<>(Arrays.asList(options));
      all.addAll(List.of("--batch-size", batchSize));
      CommandLineRun run =
          generate(workspace, table, "kontext", "out" + batchSize, all.toArray(String[]::new));
      assertThat(run.code()).as(run.err()).isZero();
    }

    Map<String, int[]> alone = workspace.pixels("out1");
    assertThat(alone).containsOnlyKeys("0/0", "1/0", "2/0", "3/0");
    workspace
        .pixels("out4")
        .forEach(
            (id, pixels) ->
                assertThat(Workspace.largestDifference(pixels, alone.get(id)))
                    .isLessThanOrEqualTo(1));
    assertThat(workspace.errors("out4").get(0).<String>getAs("error_message"))
        .isEqualTo("image: has 15 x 64 pixels; 16 x 16 are needed");
  }

  private static long distinct(Map<String, int[]> pixels, String... ids) {
    return Arrays.stream(ids)
        .map(id -> Arrays.hashCode(pixels.get(id + " 0/0")))
        .distinct()
        .count();
  }

  private static String row(String name, int number, String columns) {
    return "{%s\"id\": \"%s %d\", \"prompt\": \"%s %d\", \"seed\": %d, \"height\": %d}"
        .formatted(columns, name, number, "a fox", number, number, 64 - 16 * (number % 2));
  }

  private Path picture(String name, int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < width * height; i++) {
      image.setRGB(i % width, i / width, 0x30507 * i);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return Files.write(folder.resolve(name), out.toByteArray());
  }

  private static void generated(Workspace workspace, Path table, String output, String... options) {
    CommandLineRun run = generate(workspace, table, "dev", output, options);
    assertThat(run.code()).as(run.err()).isZero();
  }

  private static CommandLineRun generate(
      Workspace workspace, Path table, String model, String output, String... options) {
    List<String> all = new ArrayList<>(List.of("--model", Project.golden(model).toString()));
    all.addAll(List.of("--num-inference-steps", "3", "--max-sequence-length", "16"));
    all.addAll(List.of("--height", "64", "--width", "64"));
    all.addAll(Arrays.asList(options));
    return CommandLineRun.of(
        TestSpark::session,
        new ModelFolders(),
        Map.of(),
        workspace.generate(table, output, all.toArray(String[]::new)));
  }
}
