package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The fat jar with a Spark that this project did not make, and the settings of {@code conf}. */
@Tag("clients")
class StockSparkIT {
  private static final String JAR = System.getProperty("fluxspark.jar");

  @TempDir private Path folder;

  private StockSpark spark;
  private Workspace workspace;
  private Path prompts;

  @BeforeEach
  void start() throws Exception {
    spark = new StockSpark(folder);
    workspace = new Workspace(folder);
    prompts = workspace.file("prompts.csv", "id,prompt", "a,a cat", "b,a red heart", "c,the sun");
  }

  @AfterEach
  void stop() {
    spark.close();
  }

  @Test
  void aStandaloneClusterMakesPictures() throws Exception {
    String master = spark.startMaster();
    spark.startWorker("first", master, Map.of(), "");
    spark.startWorker("second", master, Map.of(), "");
    spark.settings(
        key -> false, Map.of("spark.master", master), "spark-defaults.conf", "standalone.conf");

    CommandLineRun run = spark.submit(job("out"));
    CommandLineRun again = spark.deploySubmit(workspace.generate(prompts, "out"));

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).startsWith("3 images, 0 failed rows");
    assertThat(workspace.pixels("out"))
        .hasSize(3)
        .allSatisfy((image, pixels) -> assertThat(pixels).hasSize(3 * 64 * 64));
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.out()).startsWith("0 images, 0 failed rows").contains("3 there before");
    try (Stream<Path> work = Files.walk(folder, 3)) {
      // Each worker has run an executor of each job.
      assertThat(work.filter(file -> file.getFileName().toString().startsWith("app-"))).hasSize(4);
    }
  }

  @Test
  void aTaskWithAGpuAndWithoutCudaSaysWhatIsMissing() throws Exception {
    Path driver = folder.resolve("driver/nvidia-smi");
    workspace.file("driver/nvidia-smi", "#!/bin/sh", "echo 'GPU 0: A card (UUID: GPU-0a1b)'");
    Files.setPosixFilePermissions(driver, PosixFilePermissions.fromString("rwxr-xr-x"));
    String master = spark.startMaster();
    Map<String, String> worker =
        Map.of(
            "spark.worker.resource.gpu.amount",
            "1",
            "spark.worker.resource.gpu.discoveryScript",
            Project.path("deploy/gpu-discovery").toString());
    spark.startWorker("first", master, worker, driver.getParent() + ":");
    spark.settings(
        key -> key.matches(".*resource\\.gpu\\.amount"),
        Map.of("spark.master", master, "spark.cores.max", "16"),
        "spark-defaults.conf",
        "standalone.conf");

    List<String> inInt8 = new ArrayList<>(List.of(job("out")));
    inInt8.addAll(List.of("--dtype", "int8"));
    CommandLineRun forCpus = spark.submit(inInt8.toArray(String[]::new));
    CommandLineRun run = spark.submit(job("out"));

    assertThat(forCpus.code()).as(forCpus.err()).isEqualTo(2);
    assertThat(lastLine(forCpus))
        .endsWith("--dtype: 'int8'; one of float32, bfloat16, float16, float8_e4m3fn is needed");
    assertThat(Files.readString(folder.resolve("first.log")))
        .contains("gpu -> [name: gpu, addresses: 0]");
    assertThat(run.code()).as(run.err()).isEqualTo(3);
    assertThat(lastLine(run))
        .startsWith("fluxspark: error: DEVICE_ERROR: the task was given cuda:0, but")
        .contains("they must be the CUDA build");
    assertThat(folder.resolve("out/data/portion=000000/_SUCCESS")).doesNotExist();
  }

  @Test
  void aLaptopReadsAndWritesS3() throws Exception {
    Map<String, String> settings = new TreeMap<>(ConfTest.settings("s3.conf", key -> false));
    assertThat(settings).containsEntry("spark.hadoop.fs.s3a.committer.name", "magic");
    spark.settings(key -> false, Map.of(), "laptop.conf", "s3.conf");
    String output = "s3a://pictures/out";
    try (S3ProxyServer server = new S3ProxyServer(folder);
        Stream<Path> jars = Files.list(Project.path("deploy/s3/target/jars"))) {
      server.createBucket("pictures");
      List<String> command = new ArrayList<>();
      server
          .settings()
          .forEach(
              (key, value) ->
                  command.addAll(List.of("--conf", "spark.hadoop." + key + "=" + value)));
      command.addAll(
          List.of(
              "--jars",
              jars.map(Path::toString)
                  .filter(name -> name.endsWith(".jar"))
                  .collect(Collectors.joining(","))));
      command.addAll(List.of(JAR, "generate", "--prompts", prompts.toString()));
      command.addAll(List.of("--output", output));

      CommandLineRun run = spark.submit(command.toArray(String[]::new));
      CommandLineRun without =
          spark.submit(
              "--properties-file",
              Project.path("conf/laptop.conf").toString(),
              JAR,
              "generate",
              "--prompts",
              prompts.toString(),
              "--output",
              output);

      assertThat(run.code()).as(run.err()).isZero();
      assertThat(run.out()).startsWith("3 images, 0 failed rows").contains(output + "/data");
      assertThat(without.code()).as(without.err()).isEqualTo(2);
      assertThat(lastLine(without))
          .startsWith("fluxspark: error: ")
          .endsWith("hadoop-aws is not on the class path; see conf/s3.conf");
    }
  }

  @Test
  void aJarWithoutNativesSaysWhatToDo() throws Exception {
    Path bare = folder.resolve("bare.jar");
    try (JarFile jar = new JarFile(JAR);
        OutputStream file = Files.newOutputStream(bare);
        JarOutputStream out = new JarOutputStream(file)) {
      out.setLevel(Deflater.NO_COMPRESSION);
      for (Enumeration<JarEntry> all = jar.entries(); all.hasMoreElements(); ) {
        JarEntry entry = all.nextElement();
        if (!entry.getName().startsWith("pytorch/")) {
          out.putNextEntry(new JarEntry(entry.getName()));
          jar.getInputStream(entry).transferTo(out);
        }
      }
    }
    List<String> command = new ArrayList<>();
    command.addAll(List.of("--properties-file", Project.path("conf/laptop.conf").toString()));
    // What other runs have unpacked would be found.
    command.addAll(
        List.of("--driver-java-options", "-DDJL_CACHE_DIR=" + folder.resolve("unpacked")));
    command.addAll(List.of("--class", "io.fluxspark.jobs.Main", bare.toString()));
    command.addAll(List.of(workspace.generate(prompts, "out")));

    CommandLineRun run = spark.submit(command.toArray(String[]::new));

    assertThat(run.code()).as(run.err()).isEqualTo(3);
    assertThat(lastLine(run))
        .startsWith("fluxspark: error: DEVICE_ERROR: PyTorch's native libraries cannot be loaded: ")
        .contains("the job must be started with the fat jar");
  }

  @Test
  void theExamplesOfThePageRun() throws Exception {
    Path out = folder.resolve("out");

    CommandLineRun settings = spark.shell(example("settings"), Map.of());
    CommandLineRun laptop = spark.shell(example("laptop"), Map.of("OUT", out.toString()));

    assertThat(settings.code()).as(settings.err()).isZero();
    assertThat(folder.resolve("conf/spark-defaults.conf"))
        .content()
        .contains("spark.speculation  ", "spark://master:7077");
    assertThat(laptop.code()).as(laptop.err()).isZero();
    assertThat(laptop.out()).startsWith("32 images, 0 failed rows");
    assertThat(out.resolve("gallery.html")).isNotEmptyFile();
  }

  private static String example(String name) throws Exception {
    String page = Files.readString(Project.path("docs/clusters.md"));
    Matcher block =
        Pattern.compile("^ *```bash " + name + "$(.*?)^ *```$", Pattern.MULTILINE | Pattern.DOTALL)
            .matcher(page);
    assertThat(block.find()).as(name).isTrue();
    return block.group(1).stripIndent();
  }

  /** This Spark's own list of Kubernetes' settings, which the Spark of the build does not have. */
  @Test
  void theSettingsForKubernetesAreSettings() throws Exception {
    ConfTest.register();
    List<URL> jars = new ArrayList<>();
    try (var found =
        Files.newDirectoryStream(spark.home().resolve("jars"), "spark-kubernetes_*.jar")) {
      for (Path jar : found) {
        jars.add(jar.toUri().toURL());
      }
    }
    assertThat(jars).hasSize(1);
    try (URLClassLoader loader =
        new URLClassLoader(jars.toArray(URL[]::new), getClass().getClassLoader())) {
      Class.forName("org.apache.spark.deploy.k8s.Config$", true, loader);

      ConfTest.requireKnown(Project.path("conf/kubernetes.conf"));
    }
  }

  /** What a person reads first; on a slow machine Spark itself may have said something before. */
  private static String lastLine(CommandLineRun run) {
    return run.err().lines().reduce((before, line) -> line).orElse("");
  }

  private String[] job(String output) {
    return Stream.concat(Stream.of(JAR), Stream.of(workspace.generate(prompts, output)))
        .toArray(String[]::new);
  }
}
