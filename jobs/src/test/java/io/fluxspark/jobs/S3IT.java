package io.fluxspark.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/submit} with everything on S3: a server of its own, and no jar but its own. */
class S3IT {
  private static final String BUCKET = "s3a://pictures";
  private static final String PROMPTS = BUCKET + "/prompts.csv";
  private static final String MODEL = BUCKET + "/models/dev";

  @TempDir private static java.nio.file.Path folder;

  private static S3ProxyServer server;
  private static FileSystem store;

  @BeforeAll
  static void start() throws IOException {
    server = new S3ProxyServer(folder);
    server.createBucket("pictures");
    store = FileSystem.newInstance(new Path(BUCKET).toUri(), server.configuration());
    java.nio.file.Path prompts =
        Files.writeString(
            folder.resolve("prompts.csv"),
            "id,prompt,height,width,num_inference_steps\na,a red fox,32,48,2\nb,a cup,32,32,2\n");
    store.copyFromLocalFile(new Path(prompts.toUri()), new Path(PROMPTS));
    store.copyFromLocalFile(new Path(Project.golden("dev").toUri()), new Path(MODEL));
  }

  @AfterAll
  static void stop() throws IOException {
    if (store != null) {
      store.close();
    }
    if (server != null) {
      server.close();
    }
  }

  @Test
  void promptsModelAndPicturesAreOnS3AndASecondRunMakesNothing() throws Exception {
    String output = BUCKET + "/out";
    String[] command = {
      "generate",
      "--prompts",
      PROMPTS,
      "--model",
      MODEL,
      "--output",
      output,
      "--model-cache",
      folder.resolve("cache").toString()
    };

    CommandLineRun first = submit(command);
    Map<String, Long> made = files(output + "/data");
    CommandLineRun second = submit(command);

    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out()).startsWith("2 images, 0 failed rows").contains(output + "/data");
    assertThat(first.err())
        .contains("fluxspark: bringing " + MODEL)
        .contains(folder.toRealPath().resolve("cache").toString());
    assertThat(CommitProtocol.committer(bytes(output + "/data/portion=000000/_SUCCESS")))
        .isEqualTo("magic");
    assertThat(made.keySet()).noneMatch(name -> name.contains("__magic"));
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.out()).startsWith("0 images, 0 failed rows").contains("2 there before");
    assertThat(second.err()).doesNotContain("bringing");
    assertThat(files(output + "/data")).isEqualTo(made);
    assertThat(picturesOnS3(output)).isEqualTo(picturesOnDisk());
    for (String report : files(output + "/_runs").keySet()) {
      assertThat(bytes(report))
          .asString(UTF_8)
          .contains(PROMPTS)
          .doesNotContain(server.secret())
          .doesNotContain(server.identity());
    }
  }

  @Test
  void picturesAsInputAndLorasAreOnS3() throws Exception {
    String table = BUCKET + "/inputs/rows.csv";
    String image = "/cases/img2img/input.png";
    String lora = "/cases/lora/lora.safetensors";
    String header = "id,prompt,seed,image,lora\n";
    java.nio.file.Path rows =
        Files.writeString(
            folder.resolve("rows.csv"),
            header
                + "far,a fox,1,MODEL%s,\nnear,a fox,1,near.png,\n".formatted(image)
                + "adapted,a fox,2,,MODEL%s\n".formatted(lora)
                + "gone,a fox,3,MODEL/nowhere.png,\n");
    Files.writeString(rows, Files.readString(rows).replace("MODEL", MODEL));
    store.copyFromLocalFile(new Path(rows.toUri()), new Path(table));
    store.copyFromLocalFile(
        new Path(Project.golden("dev" + image).toUri()), new Path(BUCKET + "/inputs/near.png"));
    String output = BUCKET + "/changed";
    List<String> options = List.of("--height", "64", "--width", "64", "--num-inference-steps", "2");

    List<String> command = new ArrayList<>(List.of("generate", "--prompts", table));
    command.addAll(List.of("--model", MODEL, "--output", output, "--max-error-fraction", "1"));
    command.addAll(List.of("--model-cache", folder.resolve("inputs cache").toString()));
    command.addAll(options);
    CommandLineRun run = submit(command.toArray(String[]::new));

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).startsWith("3 images, 1 failed rows");
    Workspace workspace = new Workspace(folder);
    store.copyToLocalFile(
        false,
        new Path(output + "/data"),
        new Path(folder.resolve("changed here/data").toUri()),
        true);
    java.nio.file.Path local = Project.golden("dev");
    java.nio.file.Path same =
        Files.writeString(
            folder.resolve("same.csv"),
            header + "far,a fox,1," + local + image + ",\nadapted,a fox,2,," + local + lora + "\n");
    List<String> here = new ArrayList<>(List.of("--model", local.toString()));
    here.addAll(options);
    CommandLineRun onDisk =
        CommandLineRun.of(
            TestSpark::session,
            new ModelFolders(),
            Map.of(),
            workspace.generate(same, "same", here.toArray(String[]::new)));
    assertThat(onDisk.code()).as(onDisk.err()).isZero();
    Map<String, int[]> pixels = workspace.pixels("changed here");
    assertThat(pixels).containsOnlyKeys("far/0", "near/0", "adapted/0");
    assertThat(pixels.get("near/0")).isEqualTo(pixels.get("far/0"));
    workspace
        .pixels("same")
        .forEach((id, expected) -> assertThat(pixels.get(id)).as(id).isEqualTo(expected));
  }

  @Test
  void whatAKilledRunHasUploadedInPartsIsGivenUp() throws Exception {
    server.beginUpload("pictures", "left/data/portion=000000/part-1.parquet");
    server.beginUpload("pictures", "left/data/portion=000007/part-1.parquet");
    server.beginUpload("pictures", "left/database/of-others");

    CommandLineRun run = submit(generate(BUCKET + "/left"));

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(server.unfinishedUploads("pictures")).containsExactly("left/database/of-others");
  }

  @Test
  void exportReadsAndWritesS3() throws Exception {
    String output = BUCKET + "/exported";
    String shards = BUCKET + "/shards";
    String loose = BUCKET + "/loose";
    java.nio.file.Path here = folder.resolve("brought");

    List<CommandLineRun> runs =
        List.of(
            submit(generate(output)),
            submit("export", "--output", output, "--to", "webdataset", "--target", shards),
            submit("export", "--output", output, "--to", "files", "--target", loose),
            submit("export", "--output", output, "--to", "files", "--target", here.toString()));
    Map<String, Long> written = files(shards);
    CommandLineRun again =
        submit("export", "--output", output, "--to", "webdataset", "--target", shards);

    for (CommandLineRun run : runs) {
      assertThat(run.code()).as(run.err()).isZero();
    }
    Collection<String> pictures = picturesOnS3(output).values();
    assertThat(pictures).hasSize(2);
    assertThat(exported(store, new Path(shards))).containsExactlyInAnyOrderElementsOf(pictures);
    assertThat(exported(store, new Path(loose))).containsExactlyInAnyOrderElementsOf(pictures);
    assertThat(exported(FileSystem.getLocal(new Configuration()), new Path(here.toUri())))
        .containsExactlyInAnyOrderElementsOf(pictures);
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err())
        .isEqualTo(
            "fluxspark: error: --target " + shards + ": is there already; give a new folder\n");
    assertThat(files(shards)).isEqualTo(written);
  }

  @Test
  void inspectLooksAtAModelOnS3() throws Exception {
    CommandLineRun run =
        submit("inspect", "--model", MODEL, "--model-cache", folder.resolve("looked").toString());

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).startsWith(MODEL + ": custom (FluxPipeline)");
  }

  @Test
  void withoutTheCommittersSettingNothingIsWritten() throws Exception {
    String output = BUCKET + "/renamed";
    CommandLineRun run = submit(generate(output, "spark.hadoop.fs.s3a.committer.name=file"));

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .isEqualTo(
            "fluxspark: error: --output "
                + output
                + ": Spark commits here by renaming, which is not safe on S3: the setting"
                + " spark.hadoop.fs.s3a.committer.name=magic is missing\n");
    assertThat(store.exists(new Path(output))).isFalse();
  }

  @Test
  void aPortionThatWasRenamedAllTheSameIsNotCommitted() throws Exception {
    String output = BUCKET + "/other-factory";
    CommandLineRun run =
        submit(
            generate(
                output,
                "spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3a="
                    + "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory"));

    assertThat(run.code()).as(run.err()).isEqualTo(2);
    assertThat(run.err()).contains("its _SUCCESS names no S3A committer").doesNotContain("\tat ");
    assertThat(files(output + "/data").keySet()).noneMatch(name -> name.endsWith("_SUCCESS"));
  }

  @Test
  void wrongCredentialsAreOneLine() throws Exception {
    CommandLineRun run =
        submit(Map.of("AWS_SECRET_ACCESS_KEY", "not-" + server.secret()), generate(BUCKET + "/x"));

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .isEqualTo(
            "fluxspark: error: --prompts "
                + PROMPTS
                + ": S3 refuses access: the credentials are wrong, or do not allow this\n");
  }

  @Test
  void anUnknownBucketIsOneLine() throws Exception {
    CommandLineRun run = submit("inspect", "--model", "s3a://no-such-bucket/model");

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .isEqualTo(
            "fluxspark: error: --model: model s3a://no-such-bucket/model: there is no such"
                + " bucket\n");
  }

  private static String[] generate(String output, String... settings) {
    List<String> command =
        new ArrayList<>(List.of("generate", "--prompts", PROMPTS, "--output", output, "--"));
    for (String setting : settings) {
      command.addAll(List.of("--conf", setting));
    }
    return command.toArray(String[]::new);
  }

  private static CommandLineRun submit(String... arguments) throws Exception {
    return submit(Map.of(), arguments);
  }

  private static CommandLineRun submit(Map<String, String> environment, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(Project.path("deploy/submit").toString()));
    command.addAll(List.of(arguments));
    if (!command.contains("--")) {
      command.add("--");
    }
    Map<String, String> settings = server.settings();
    String identity = settings.remove("fs.s3a.access.key");
    String secret = settings.remove("fs.s3a.secret.key");
    settings.put("fs.s3a.attempts.maximum", "2");
    settings.put("fs.s3a.retry.limit", "2");
    settings.forEach(
        (key, value) -> command.addAll(List.of("--conf", "spark.hadoop." + key + "=" + value)));
    java.nio.file.Path out = Files.createTempFile(folder, "out", "");
    java.nio.file.Path err = Files.createTempFile(folder, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().remove("SPARK_HOME");
    builder.environment().put("AWS_ACCESS_KEY_ID", identity);
    builder.environment().put("AWS_SECRET_ACCESS_KEY", secret);
    builder.environment().putAll(environment);
    int code = builder.start().waitFor();
    return new CommandLineRun(code, Files.readString(out), Files.readString(err));
  }

  /** The hash of each picture of an output. */
  private static Map<String, String> picturesOnS3(String output) throws IOException {
    String copy = "copied-" + new Path(output).getName();
    java.nio.file.Path data = folder.resolve(copy + "/data");
    store.copyToLocalFile(false, new Path(output + "/data"), new Path(data.toUri()), true);
    return new Workspace(folder).byImage(copy, "sha256");
  }

  private static Map<String, String> picturesOnDisk() {
    Workspace workspace = new Workspace(folder);
    String[] command =
        workspace.generate(
            folder.resolve("prompts.csv"), "disk", "--model", Project.golden("dev").toString());
    CommandLineRun run =
        CommandLineRun.of(TestSpark::session, new ModelFolders(), Map.of(), command);
    assertThat(run.code()).as(run.err()).isZero();
    return workspace.byImage("disk", "sha256");
  }

  /** The hash of each picture of an export. */
  private static List<String> exported(FileSystem files, Path target) throws IOException {
    List<String> hashes = new ArrayList<>();
    RemoteIterator<LocatedFileStatus> all = files.listFiles(target, true);
    while (all.hasNext()) {
      Path file = all.next().getPath();
      try (FSDataInputStream in = files.open(file)) {
        if (file.getName().endsWith(".png")) {
          hashes.add(DigestUtils.sha256Hex(in));
        } else if (file.getName().endsWith(".tar")) {
          TarArchiveInputStream tar = new TarArchiveInputStream(in);
          for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            if (entry.getName().endsWith(".png")) {
              hashes.add(DigestUtils.sha256Hex(tar));
            }
          }
        }
      }
    }
    return hashes;
  }

  private static byte[] bytes(String path) throws IOException {
    try (FSDataInputStream in = store.open(new Path(path))) {
      return in.readAllBytes();
    }
  }

  /** Every file below a folder, with the time it was written. */
  private static Map<String, Long> files(String path) throws IOException {
    Map<String, Long> files = new TreeMap<>();
    RemoteIterator<LocatedFileStatus> all = store.listFiles(new Path(path), true);
    while (all.hasNext()) {
      LocatedFileStatus file = all.next();
      files.put(file.getPath().toString(), file.getModificationTime());
    }
    return files;
  }
}
