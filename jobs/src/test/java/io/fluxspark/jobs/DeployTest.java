package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be held of the images and of CUDA's settings without a container or a GPU. */
class DeployTest {
  private static final Pattern COPY = Pattern.compile("(?m)^COPY (?!--from)(\\S+) \\S+$");
  private static final Pattern TAKEN = Pattern.compile("(?m)^!(\\S+)$");
  private static final Pattern CONF =
      Pattern.compile("(?m)^ {4}(spark\\.[A-Za-z.]+): \"?([^\"\\n]+)\"?$");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"Dockerfile", "Dockerfile.cuda"})
  void anImageTakesWhatItsContextLetsThrough(String name) throws Exception {
    List<String> copied = groups(COPY, "deploy/docker/" + name);

    assertThat(copied).hasSizeGreaterThan(3).contains("jobs/target/fluxspark-jobs.jar");
    assertThat(groups(TAKEN, "deploy/docker/" + name + ".dockerignore"))
        .containsExactlyInAnyOrderElementsOf(copied);
    for (String path : copied) {
      Path parent = Path.of(path).getParent();
      if (parent.startsWith("jobs/target")) {
        continue; // the jar, which is made after these tests
      }
      try (var files = Files.list(Project.path(parent.toString()))) {
        var matcher =
            FileSystems.getDefault().getPathMatcher("glob:" + Path.of(path).getFileName());
        assertThat(files.map(Path::getFileName)).as(path).anyMatch(matcher::matches);
      }
    }
  }

  /** One list of settings, in three forms: the operator's must say what the files say. */
  @Test
  void theSparkApplicationHasTheSettingsOfConf() throws Exception {
    Map<String, String> conf = new TreeMap<>();
    for (String file : List.of("spark-defaults.conf", "kubernetes.conf", "s3.conf")) {
      conf.putAll(ConfTest.settings(file, key -> false));
    }
    Map<String, String> application = new TreeMap<>();
    CONF.matcher(Files.readString(Project.path("deploy/kubernetes/spark-application.yaml")))
        .results()
        .forEach(line -> application.put(line.group(1), line.group(2)));

    assertThat(application).hasSizeGreaterThan(15);
    assertThat(conf).containsAllEntriesOf(application);
  }

  @Test
  void cudasSettingsNameTheLibrariesOfAFolder() throws Exception {
    Path site = torch("2.7.1+cu126");
    for (String library : List.of("nvidia/cublas/lib", "nvidia/cudnn/lib", "cusparselt/lib")) {
      Files.createDirectories(site.resolve(library));
    }

    CommandLineRun run = settings(site.toString());

    assertThat(run.code()).as(run.err()).isZero();
    Map<String, String> settings = new TreeMap<>();
    ConfTest.SETTING
        .matcher(run.out())
        .results()
        .forEach(line -> settings.put(line.group(1), line.group(2)));
    Path real = site.toRealPath();
    assertThat(settings)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "spark.executorEnv.PYTORCH_LIBRARY_PATH",
                real + "/torch/lib",
                "spark.executorEnv.PYTORCH_VERSION",
                "2.7.1",
                "spark.executorEnv.PYTORCH_FLAVOR",
                "cu128",
                "spark.executorEnv.LD_LIBRARY_PATH",
                real
                    + "/nvidia/cublas/lib:"
                    + real
                    + "/nvidia/cudnn/lib:"
                    + real
                    + "/cusparselt/lib"));
    assertThat(ConfTest.settings("spark-defaults.conf", key -> true))
        .containsKeys(settings.keySet().toArray(String[]::new));
  }

  @Test
  void aFolderWithAnotherTorchOrNoneIsOneLine() throws Exception {
    CommandLineRun other = settings(torch("2.15.0+cu132").toString());
    CommandLineRun none = settings(Files.createDirectory(folder.resolve("none")).toString());

    assertThat(other.code()).isEqualTo(2);
    assertThat(other.err())
        .contains("has torch 2.15.0; the jar's libraries fit 2.7.1 alone: pip install torch==2.7.1")
        .hasLineCount(1);
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).contains("has no torch with CUDA").hasLineCount(1);
  }

  private Path torch(String version) throws Exception {
    Path site = folder.resolve("site-packages");
    Path torch = Files.createDirectories(site.resolve("torch/lib"));
    Files.createFile(torch.resolve("libtorch_cuda.so"));
    Files.writeString(site.resolve("torch/version.py"), "__version__ = '" + version + "'\n");
    return site;
  }

  private CommandLineRun settings(String site) throws Exception {
    Path err = folder.resolve("err.txt");
    Process process =
        new ProcessBuilder(Project.path("deploy/cuda/settings").toString(), site)
            .redirectError(err.toFile())
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new CommandLineRun(process.waitFor(), out, Files.readString(err));
  }

  private static List<String> groups(Pattern pattern, String file) throws Exception {
    return pattern
        .matcher(Files.readString(Project.path(file)))
        .results()
        .map((MatchResult match) -> match.group(1))
        .toList();
  }
}
