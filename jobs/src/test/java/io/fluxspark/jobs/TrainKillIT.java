package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} of a training: the same command goes on, to the weights of one that was not. */
class TrainKillIT {
  private static final int STEPS = 400;
  private static final int STEPS_BEFORE = 20;
  private static final int KILLED = 137;
  private static final int LOOK_MILLIS = 100;
  private static final String WEIGHTS = "model/transformer/diffusion_pytorch_model.safetensors";

  @TempDir private Path folder;

  private Process train(String output) throws IOException {
    List<String> command =
        new ArrayList<>(List.of(Project.path("deploy/submit").toString(), "train"));
    command.addAll(List.of("--data", folder.resolve("data.jsonl").toString()));
    command.addAll(List.of("--model", Project.golden("schnell").toString()));
    command.addAll(List.of("--output", folder.resolve(output).toString()));
    command.addAll(List.of("--resolution", "32", "--max-sequence-length", "8"));
    command.addAll(List.of("--max-train-steps", Integer.toString(STEPS), "--log-every", "1"));
    command.addAll(List.of("--train-batch-size", "2", "--learning-rate", "1e-3"));
    command.addAll(List.of("--ema-decay", "0.9", "--caption-dropout", "0.2"));
    command.addAll(List.of("--sample-steps", "1", "--checkpoint-minutes", "0.01"));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(output + ".log").toFile());
    builder.environment().remove("SPARK_HOME");
    return builder.start();
  }

  private void writePictures() throws IOException {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      BufferedImage picture = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
      picture.createGraphics().fillRect(5 * i, 5, 20, 20);
      ImageIO.write(picture, "png", folder.resolve(i + ".png").toFile());
      rows.add("{\"prompt\": \"square " + i + "\", \"image\": \"" + i + ".png\"}");
    }
    Files.write(folder.resolve("data.jsonl"), rows);
  }

  private void finish(String output, Process run) throws Exception {
    assertThat(run.waitFor()).as(Files.readString(folder.resolve(output + ".log"))).isZero();
  }

  /** What is logged of each step, without what depends on the clock. */
  private Map<Long, String> losses(String output) throws IOException {
    Path log = folder.resolve(output).resolve("loss.csv");
    Map<Long, String> losses = new TreeMap<>();
    if (Files.exists(log)) {
      try (Stream<String> lines = Files.lines(log)) {
        lines
            .skip(1)
            .filter(line -> line.chars().filter(c -> c == ',').count() == 4)
            .forEach(
                line ->
                    losses.put(
                        Long.parseLong(line.substring(0, line.indexOf(','))),
                        line.substring(0, line.lastIndexOf(','))));
      }
    }
    return losses;
  }

  private boolean hasCheckpoint(String output) throws IOException {
    Path checkpoints = folder.resolve(output).resolve("checkpoints");
    if (!Files.exists(checkpoints)) {
      return false;
    }
    try (Stream<Path> all = Files.list(checkpoints)) {
      return all.findAny().isPresent();
    }
  }

  @Test
  void theSameCommandGoesOnToTheSameWeights() throws Exception {
    writePictures();
    finish("whole", train("whole"));
    Process killed = train("killed");
    while (killed.isAlive()
        && (losses("killed").size() < STEPS_BEFORE || !hasCheckpoint("killed"))) {
      killed.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }
    assertThat(killed.destroyForcibly().waitFor()).isEqualTo(KILLED);
    assertThat(losses("killed")).hasSizeLessThan(STEPS);

    finish("killed", train("killed"));

    assertThat(losses("killed")).hasSize(STEPS).isEqualTo(losses("whole"));
    assertThat(folder.resolve("killed").resolve(WEIGHTS))
        .hasSameBinaryContentAs(folder.resolve("whole").resolve(WEIGHTS));
  }
}
