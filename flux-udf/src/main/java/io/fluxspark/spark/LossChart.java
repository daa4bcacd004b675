package io.fluxspark.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;

/** The loss over the steps, as a picture. */
final class LossChart {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 500;

  private LossChart() {}

  /**
   * Draws the lines of a {@code loss.csv}: its second column over its first.
   *
   * @param file a PNG file, replaced as a whole; deleted where there is no chart
   * @return whether charts can be drawn here, see {@link Charts}
   */
  static boolean write(List<String> csv, Path file) throws IOException {
    Optional<byte[]> png = Charts.png(() -> chart(csv));
    if (png.isEmpty()) {
      Files.deleteIfExists(file);
      return false;
    }
    Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
    Files.write(unfinished, png.get());
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    return true;
  }

  private static XYChart chart(List<String> csv) {
    List<Double> steps = new ArrayList<>();
    List<Double> losses = new ArrayList<>();
    for (String line : csv.subList(1, csv.size())) {
      String[] values = line.split(",", 3);
      steps.add(Double.parseDouble(values[0]));
      losses.add(Double.parseDouble(values[1]));
    }
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .xAxisTitle("step")
            .yAxisTitle("loss")
            .build();
    chart.getStyler().setLegendVisible(false);
    chart.getStyler().setDefaultSeriesRenderStyle(XYSeriesRenderStyle.Line);
    chart.getStyler().setMarkerSize(0);
    chart.getStyler().setYAxisLogarithmic(losses.stream().allMatch(loss -> loss > 0));
    chart.addSeries("loss", steps, losses);
    return chart;
  }
}
