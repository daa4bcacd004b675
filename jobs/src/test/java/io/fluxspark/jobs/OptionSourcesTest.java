package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where an option comes from: command line, conf, file, default, in this order. */
class OptionSourcesTest {
  @TempDir private Path folder;

  @Test
  void whatIsNearerToThePersonComesFirst() {
    Workspace workspace = new Workspace(folder);
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");
    Path file =
        workspace.file(
            "job.properties",
            "width=16",
            "spark.fluxspark.height = 16 ",
            "num-inference-steps=5",
            "image-format=webp");
    Map<String, String> conf =
        Map.of(
            "spark.fluxspark.config", file.toString(),
            "spark.fluxspark.width", "32",
            "spark.fluxspark.guidance-scale", "7",
            "spark.executor.memory", "1g");

    CommandLineRun run =
        CommandLineRun.withConf(
            conf,
            workspace.generate(
                prompts, "out", "--width", "80", "--conf", "spark.fluxspark.guidance-scale=8"));

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(workspace.<Integer>byImage("out", "width")).containsEntry("a/0", 80);
    assertThat(workspace.<Integer>byImage("out", "height")).containsEntry("a/0", 16);
    assertThat(workspace.<Double>byImage("out", "guidance_scale")).containsEntry("a/0", 8.0);
    assertThat(workspace.<Integer>byImage("out", "num_inference_steps")).containsEntry("a/0", 5);
    assertThat(workspace.<Integer>byImage("out", "max_sequence_length"))
        .containsEntry("a/0", ConstantPictures.DEFAULTS.maxSequenceLength());
    assertThat(workspace.<String>byImage("out", "image.path").get("a/0")).endsWith(".webp");
  }

  @Test
  void aKeyThatIsNoOptionIsNamedWithItsPlace() {
    Workspace workspace = new Workspace(folder);
    Path file = workspace.file("job.properties", "sise=16");

    CommandLineRun inFile = CommandLineRun.of("inspect", "--config", file.toString());
    CommandLineRun inConf =
        CommandLineRun.withConf(Map.of("spark.fluxspark.sise", "16"), "inspect");

    assertThat(inFile.code()).isEqualTo(2);
    assertThat(inFile.err())
        .startsWith(
            "fluxspark: error: --config " + file + ": key 'sise': no such option; there are");
    assertThat(inConf.code()).isEqualTo(2);
    assertThat(inConf.err())
        .startsWith("fluxspark: error: --conf spark.fluxspark.sise: no such option; there are");
  }

  @Test
  void aFileCannotNameAnotherFile() {
    Path file = new Workspace(folder).file("job.properties", "config=other.properties");

    CommandLineRun run = CommandLineRun.of("inspect", "--config", file.toString());

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("a file cannot name another file");
  }
}
