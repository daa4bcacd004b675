package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.training.ObjectiveComparison;
import io.fluxspark.training.ObjectiveComparison.Cell;
import io.fluxspark.training.ObjectiveComparison.Measured;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;

/**
 * What a comparison leaves in its folder: {@code comparison.csv}, {@code comparison.md}, {@code
 * comparison.png} and, where charts can be drawn, {@code comparison-chart.png}.
 *
 * @param stepCounts of each objective and sampler
 */
record ComparisonFiles(Path folder, List<Integer> stepCounts) {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 500;

  /**
   * Writes all files.
   *
   * @param measured by the objectives' names
   */
  void write(Map<String, Measured> measured) {
    try {
      Files.write(folder.resolve("comparison.csv"), csv(measured));
      Files.write(folder.resolve("comparison.md"), markdown(measured));
      Files.write(
          folder.resolve("comparison.png"), ObjectiveComparison.sheet(measured, stepCounts.size()));
      Optional<byte[]> chart = Charts.png(() -> chart(measured));
      if (chart.isPresent()) {
        Files.write(folder.resolve("comparison-chart.png"), chart.get());
      }
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT,
          folder + ": the comparison cannot be written: " + e.getMessage(),
          e);
    }
  }

  private static List<String> csv(Map<String, Measured> measured) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "objective,sampler,steps,model_calls,retrieved,own_distance,limit_distance,straightness");
    measured.forEach(
        (objective, all) -> {
          for (Cell cell : all.cells()) {
            lines.add(
                String.join(
                    ",",
                    objective,
                    cell.sampler(),
                    Integer.toString(cell.steps()),
                    Integer.toString(cell.modelCalls()),
                    number("%.4f", cell.retrieved()),
                    number("%.2f", cell.ownDistance()),
                    distance(cell),
                    number("%.3e", all.straightness())));
          }
        });
    return lines;
  }

  private static String number(String format, double number) {
    return String.format(Locale.ROOT, format, number);
  }

  private static String distance(Cell cell) {
    return cell.limitDistance().isPresent()
        ? number("%.3e", cell.limitDistance().getAsDouble())
        : "";
  }

  private List<String> markdown(Map<String, Measured> measured) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "Share of pictures that are nearest to a training picture of their caption, by steps:");
    lines.addAll(table(measured, cell -> number("%.3f", cell.retrieved())));
    lines.add(
        "Distance from the nearest training picture of the caption, of values from 0 to 255, by"
            + " steps:");
    lines.addAll(table(measured, cell -> number("%.1f", cell.ownDistance())));
    lines.add(
        "Mean square of the latents' distance from where "
            + ObjectiveComparison.LIMIT_STEPS
            + " steps of Heun's method lead, by steps:");
    lines.addAll(table(measured, ComparisonFiles::distance));
    lines.add(
        "Distance of the ways from straight lines, along "
            + ObjectiveComparison.STRAIGHTNESS_STEPS
            + " steps of Euler's method (0 is straight):");
    lines.add("");
    lines.add("| objective | straightness |");
    lines.add("| --- | --- |");
    measured.forEach(
        (objective, all) ->
            lines.add("| " + objective + " | " + number("%.3e", all.straightness()) + " |"));
    return lines;
  }

  private List<String> table(Map<String, Measured> measured, Function<Cell, String> value) {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(row("objective", "sampler", stepCounts.stream().map(String::valueOf).toList()));
    lines.add(row("---", "---", stepCounts.stream().map(steps -> "---").toList()));
    measured.forEach(
        (objective, all) ->
            bySampler(all)
                .forEach(
                    cells ->
                        lines.add(
                            row(
                                objective,
                                cells.get(0).sampler(),
                                cells.stream().map(value).toList()))));
    lines.add("");
    return lines;
  }

  private static String row(String first, String second, List<String> others) {
    return "| " + first + " | " + second + " | " + String.join(" | ", others) + " |";
  }

  private List<List<Cell>> bySampler(Measured measured) {
    List<List<Cell>> rows = new ArrayList<>();
    List<Cell> cells = measured.cells();
    for (int from = 0; from < cells.size(); from += stepCounts.size()) {
      rows.add(cells.subList(from, from + stepCounts.size()));
    }
    return rows;
  }

  private XYChart chart(Map<String, Measured> measured) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .xAxisTitle("steps")
            .yAxisTitle("own_distance")
            .build();
    chart.getStyler().setXAxisLogarithmic(stepCounts.stream().distinct().count() > 1);
    chart.getStyler().setYAxisMin(0.0);
    measured.forEach(
        (objective, all) ->
            bySampler(all)
                .forEach(
                    cells ->
                        chart.addSeries(
                            objective + ", " + cells.get(0).sampler(),
                            stepCounts,
                            cells.stream().map(Cell::ownDistance).collect(Collectors.toList()))));
    return chart;
  }
}
