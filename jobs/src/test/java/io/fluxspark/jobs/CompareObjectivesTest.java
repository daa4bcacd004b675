package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole comparison on two pictures, and what it refuses. */
class CompareObjectivesTest {
  private static final int SIDE = 32;

  @TempDir private Path folder;

  private Path data() throws IOException {
    List<String> lines = new ArrayList<>();
    for (String colour : List.of("red", "green")) {
      BufferedImage picture = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
      int rgb = colour.equals("red") ? 0xC02010 : 0x20B040;
      for (int i = 0; i < SIDE * SIDE; i++) {
        picture.setRGB(i % SIDE, i / SIDE, rgb);
      }
      ImageIO.write(picture, "png", folder.resolve(colour + ".png").toFile());
      lines.add("{\"image\": \"%s.png\", \"prompt\": \"a %s wall\"}".formatted(colour, colour));
    }
    return Files.write(folder.resolve("data.jsonl"), lines);
  }

  private CommandLineRun compare(String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of("compare-objectives", "--data", data().toString()));
    all.addAll(List.of("--model", Project.golden("dev").toString()));
    all.addAll(List.of("--output", folder.resolve("out").toString()));
    all.addAll(List.of("--resolution", "32", "--max-sequence-length", "8"));
    all.addAll(List.of("--max-train-steps", "2", "--train-batch-size", "2"));
    all.addAll(Arrays.asList(options));
    return CommandLineRun.of(all.toArray(String[]::new));
  }

  @Test
  void trainsMeasuresAndGoesOn() throws IOException {
    String[] options = {"--from-scratch", "--pictures", "2", "--step-counts", "1,3"};

    CommandLineRun run = compare(options);

    assertThat(run.code()).as(run.err()).isZero();
    Path out = folder.resolve("out");
    List<String> csv = Files.readAllLines(out.resolve("comparison.csv"));
    assertThat(csv.get(0))
        .isEqualTo(
            "objective,sampler,steps,model_calls,retrieved,own_distance,limit_distance,straightness");
    assertThat(csv.stream().skip(1).map(line -> line.replaceFirst("(,[^,]*){4}$", "")))
        .containsExactly(
            "flow-matching,euler,1,1",
            "flow-matching,euler,3,3",
            "flow-matching,heun,1,1",
            "flow-matching,heun,3,5",
            "flow-matching,ddpm,1,1",
            "flow-matching,ddpm,3,3",
            "cosine-velocity,euler,1,1",
            "cosine-velocity,euler,3,3",
            "cosine-velocity,heun,1,1",
            "cosine-velocity,heun,3,5",
            "cosine-velocity,ddim,1,1",
            "cosine-velocity,ddim,3,3",
            "cosine-velocity,ddpm,1,1",
            "cosine-velocity,ddpm,3,3",
            "cosine-noise,euler,1,1",
            "cosine-noise,euler,3,3",
            "cosine-noise,heun,1,1",
            "cosine-noise,heun,3,5",
            "cosine-noise,ddim,1,1",
            "cosine-noise,ddim,3,3",
            "cosine-noise,ddpm,1,1",
            "cosine-noise,ddpm,3,3");
    for (String line : csv.subList(1, csv.size())) {
      String[] values = line.split(",", -1);
      assertThat(Double.parseDouble(values[4])).isIn(0.0, 0.5, 1.0);
      assertThat(Double.parseDouble(values[5])).isBetween(0.0, 255.0);
      assertThat(values[6].isEmpty()).isEqualTo(values[1].equals("ddpm"));
      assertThat(Double.parseDouble(values[7])).isNotNegative();
    }
    assertThat(out.resolve("comparison.md"))
        .content()
        .contains("| objective | sampler | 1 | 3 |", "| cosine-noise | ddim | ");
    BufferedImage sheet = ImageIO.read(out.resolve("comparison.png").toFile());
    assertThat(sheet.getWidth()).isEqualTo(2 * (SIDE + 4) + 4);
    assertThat(sheet.getHeight()).isEqualTo(11 * (SIDE + 4) + 4);
    assertThat(ImageIO.read(out.resolve("comparison-chart.png").toFile())).isNotNull();
    assertThat(Files.readAllLines(out.resolve("cosine-noise/loss.csv"))).hasSize(2);

    CommandLineRun again = compare(options);

    assertThat(again.code()).as(again.err()).isZero();
    assertThat(Files.readAllLines(out.resolve("comparison.csv"))).isEqualTo(csv);
    assertThat(Files.readAllLines(out.resolve("cosine-noise/loss.csv"))).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    "--pictures, 0, at least 1",
    "--step-counts, '4,0', at least 1",
    "--step-counts, many, many",
    "--lr-warmup-steps, 3, at most --max-train-steps",
  })
  void refusesWhatCannotBe(String option, String value, String problem) throws IOException {
    CommandLineRun run = compare(option, value);

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains(option).contains(problem);
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
