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

/** Writes the loss as it goes, into {@code loss.csv}. A run that goes on adds to it. */
final class TrainingFiles implements TrainingLog, AutoCloseable {
  private static final String LOSS = "loss.csv";

  private final Path file;
  private boolean hasHeader;

  private TrainingFiles(Path file, boolean hasHeader) {
    this.file = file;
    this.hasHeader = hasHeader;
  }

  /**
   * @param step that is done; lines of later ones are taken out, they will come again
   */
  static TrainingFiles open(Path folder, long step) {
    Path file = folder.resolve(LOSS);
    try {
      Files.createDirectories(folder);
      List<String> kept = new ArrayList<>();
      if (Files.exists(file)) {
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
          if (line.startsWith("step,")
              || Long.parseLong(line.substring(0, line.indexOf(','))) <= step) {
            kept.add(line);
          }
        }
      }
      Files.write(file, kept, StandardCharsets.UTF_8);
      return new TrainingFiles(file, !kept.isEmpty());
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  @Override
  public void line(Line line) {
    StringBuilder text = new StringBuilder();
    if (!hasHeader) {
      text.append("step,").append(String.join(",", line.losses().keySet()));
      text.append(",gradient_norm,learning_rate,pictures_per_second\n");
      hasHeader = true;
    }
    text.append(line.step());
    line.losses().values().forEach(loss -> text.append(number(",%.6f", loss)));
    text.append(number(",%.5f", line.gradientNorm()))
        .append(number(",%.3e", line.learningRate()))
        .append(number(",%.1f", line.picturesPerSecond()))
        .append('\n');
    try {
      Files.writeString(file, text, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static String number(String format, double number) {
    return String.format(Locale.ROOT, format, number);
  }

  @Override
  public void saved(long step) {}

  private static FluxSparkException failed(Path file, IOException e) {
    return new FluxSparkException(
        ErrorCode.INPUT_OUTPUT, file + ": cannot be written: " + e.getMessage(), e);
  }

  @Override
  public void close() {}
}
