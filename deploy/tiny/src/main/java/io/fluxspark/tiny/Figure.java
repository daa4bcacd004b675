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
  private static final double STAR_ANGLE = 2 * Math.PI / STAR_CORNERS;

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

  /** Of a figure of radius 1. */
  double area() {
    return switch (this) {
      case CIRCLE -> Math.PI;
      case SQUARE -> 4 * SQUARE_HALF * SQUARE_HALF;
      case TRIANGLE -> 2;
      case STAR -> STAR_CORNERS * STAR_OUTER * STAR_INNER * Math.sin(STAR_ANGLE) / 2;
    };
  }

  /** How far the centre of mass of a figure of radius 1 is below the middle of its box. */
  double centre() {
    return switch (this) {
      case CIRCLE, SQUARE -> 0;
      case TRIANGLE -> 1.0 / 3;
      // The lower corners reach less far down than the upper one reaches up.
      case STAR -> STAR_OUTER * (1 - Math.cos(STAR_ANGLE)) / 2;
    };
  }

  private static Path2D star(double x, double y, double radius) {
    double middle = y + radius * STAR.centre();
    Path2D path = new Path2D.Double();
    for (int corner = 0; corner < STAR_CORNERS; corner++) {
      double distance = radius * (corner % 2 == 0 ? STAR_OUTER : STAR_INNER);
      double angle = STAR_ANGLE * corner;
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
