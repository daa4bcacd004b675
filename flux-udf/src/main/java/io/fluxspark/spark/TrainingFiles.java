package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.training.TrainingLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a training leaves in its folder as it goes: {@code loss.csv}, {@code loss.png}, {@code
 * samples/step-N.png}, and {@code model}.
 */
final class TrainingFiles implements TrainingLog {
  private static final String MODEL = "model";

  private final Path folder;
  private final Path loss;
  private boolean drawsCharts = true;

  TrainingFiles(Path folder) {
    this.folder = folder;
    this.loss = folder.resolve("loss.csv");
  }

  /** Where the new model, or a LoRA, is written. */
  Path made() {
    return folder.resolve(MODEL);
  }

  /** Takes out the lines of later steps than that one: they will come again. */
  void goOnAfter(long step) {
    try {
      Files.createDirectories(folder);
      List<String> kept = new ArrayList<>();
      if (Files.exists(loss)) {
        for (String line : Files.readAllLines(loss, StandardCharsets.UTF_8)) {
          String first = line.substring(0, Math.max(0, line.indexOf(',')));
          if (!first.matches("\\d+") || Long.parseLong(first) <= step) {
            kept.add(line);
          }
        }
      }
      Files.write(loss, kept, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw failed(loss, e);
    }
  }

  @Override
  public void line(Line line) {
    StringBuilder text = new StringBuilder();
    try {
      if (Files.size(loss) == 0) {
        text.append("step,").append(String.join(",", line.losses().keySet()));
        text.append(",gradient_norm,learning_rate,pictures_per_second\n");
      }
      text.append(line.step());
      line.losses().values().forEach(number -> text.append(number(",%.6f", number)));
      text.append(number(",%.5f", line.gradientNorm()))
          .append(number(",%.3e", line.learningRate()))
          .append(number(",%.1f", line.picturesPerSecond()))
          .append('\n');
      Files.writeString(loss, text, StandardOpenOption.APPEND);
      if (drawsCharts) {
        drawsCharts = LossChart.write(Files.readAllLines(loss), folder.resolve("loss.png"));
      }
    } catch (IOException e) {
      throw failed(loss, e);
    }
  }

  private static String number(String format, double number) {
    return String.format(Locale.ROOT, format, number);
  }

  /**
   * Keeps a sample sheet.
   *
   * @param png a picture file
   */
  void sample(long step, byte[] png) {
    Path file =
        folder.resolve("samples").resolve(String.format(Locale.ROOT, "step-%07d.png", step));
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, png);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static FluxSparkException failed(Path file, IOException e) {
    return new FluxSparkException(
        ErrorCode.INPUT_OUTPUT, file + ": cannot be written: " + e.getMessage(), e);
  }
}
