package io.fluxspark.spark;

import java.io.IOException;
import java.util.Optional;
import java.util.function.Supplier;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Charts as pictures, where Java can draw text. */
final class Charts {
  private static final Logger LOG = LoggerFactory.getLogger(Charts.class);

  private Charts() {}

  /**
   * Draws a chart.
   *
   * @param chart makes it; that needs fonts, too
   * @return a PNG file; empty where Java finds no font or no library to draw one, as on small
   *     images of systems
   */
  static Optional<byte[]> png(Supplier<XYChart> chart) throws IOException {
    try {
      return Optional.of(BitmapEncoder.getBitmapBytes(chart.get(), BitmapFormat.PNG));
    } catch (LinkageError | InternalError e) {
      LOG.warn(
          "no chart is drawn, since Java cannot draw text here: {}; the system's packages fontconfig"
              + " and fonts-dejavu-core mend that",
          e.toString());
      return Optional.empty();
    }
  }
}
