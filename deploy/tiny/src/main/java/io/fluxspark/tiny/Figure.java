package io.fluxspark.tiny;

import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;

/** The shapes of scenes. */
enum Figure {
  CIRCLE,
  SQUARE,
  TRIANGLE,
  STAR;

  /** How far a figure of radius 1 reaches from its middle to each side, at most. */
  static final double REACH = 1.07;

  private static final double SQUARE_HALF = 0.9;
  private static final double STAR_OUTER = 1.12;
  private static final double STAR_INNER = 0.382 * STAR_OUTER;
  private static final int STAR_CORNERS = 10;

  /** The figure of a radius, in the middle of whose bounding box the given place is. */
  Shape outline(double x, double y, double radius) {
    return switch (this) {
      case CIRCLE -> new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius);
      case SQUARE -> {
        double half = SQUARE_HALF * radius;
        yield new Rectangle2D.Double(x - half, y - half, 2 * half, 2 * half);
      }
      case TRIANGLE -> {
        Path2D path = new Path2D.Double();
        path.moveTo(x, y - radius);
        path.lineTo(x + radius, y + radius);
        path.lineTo(x - radius, y + radius);
        path.closePath();
        yield path;
      }
      case STAR -> star(x, y, radius);
    };
  }

  private static Path2D star(double x, double y, double radius) {
    // The lower corners reach less far down than the upper one reaches up.
    double middle = y + STAR_OUTER * radius * (1 - Math.cos(Math.PI / 5)) / 2;
    Path2D path = new Path2D.Double();
    for (int corner = 0; corner < STAR_CORNERS; corner++) {
      double distance = radius * (corner % 2 == 0 ? STAR_OUTER : STAR_INNER);
      double angle = 2 * Math.PI * corner / STAR_CORNERS;
      double cornerX = x + distance * Math.sin(angle);
      double cornerY = middle - distance * Math.cos(angle);
      if (corner == 0) {
        path.moveTo(cornerX, cornerY);
      } else {
        path.lineTo(cornerX, cornerY);
      }
    }
    path.closePath();
    return path;
  }
}
