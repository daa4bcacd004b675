package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChartsTest {
  private static final List<String> LOSSES = List.of("step,loss", "1,0.5", "2,0.25");

  @TempDir private Path folder;

  @Test
  void lossesAreDrawn() throws IOException {
    Path file = folder.resolve("loss.png");

    assertThat(LossChart.write(LOSSES, file)).isTrue();
    assertThat(ImageIO.read(file.toFile()).getWidth()).isEqualTo(900);
  }

  /** In a Java that cannot load what knows of fonts. */
  @Test
  void whereNoTextCanBeDrawnThereIsNoChart() throws Exception {
    Path file = folder.resolve("loss.png");
    Path broken = folder.resolve("patch/sun/font/FontManagerFactory.class");
    Files.createDirectories(broken.getParent());
    Files.writeString(broken, "no class");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--patch-module",
                "java.desktop=" + folder.resolve("patch"),
                "-cp",
                System.getProperty("java.class.path"),
                Losses.class.getName(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(printed).isZero();
    assertThat(printed.lines().reduce((a, b) -> b)).contains("drawn: false");
    assertThat(Files.exists(file)).isFalse();
  }

  static final class Losses {
    private Losses() {}

    public static void main(String[] arguments) throws IOException {
      System.out.println("drawn: " + LossChart.write(LOSSES, Path.of(arguments[0])));
    }
  }
}
