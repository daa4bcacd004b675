package io.fluxspark.tiny;

import java.awt.Shape;
import java.awt.image.BufferedImage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A connected area of one colour in a picture of 64 x 64.
 *
 * @param pixels row by row
 */
record Blob(Colour colour, BitSet pixels) {
  private static final int SIDE = Scene.SIDE;

  /** Smaller ones are no objects: the smallest that is trained has 59 pixels. */
  private static final int LEAST_AREA = 30;

  /** Of a figure of the same area, in the same place; less is no figure. */
  private static final double LEAST_OVERLAP = 0.7;

  /** Farther than this from every mixture of white and a colour, a pixel has none. */
  private static final double MOST_DISTANCE = 90;

  /** Finds the objects of a picture, the largest first. */
  static List<Blob> find(BufferedImage picture) {
    Colour[] colours = new Colour[SIDE * SIDE];
    for (int i = 0; i < colours.length; i++) {
      colours[i] = colourOf(picture.getRGB(i % SIDE, i / SIDE));
    }
    List<Blob> blobs = new ArrayList<>();
    for (int i = 0; i < colours.length; i++) {
      if (colours[i] != null) {
        Blob blob = takeConnected(colours, i);
        if (blob.area() >= LEAST_AREA) {
          blobs.add(blob);
        }
      }
    }
    blobs.sort(Comparator.comparingInt(Blob::area).reversed());
    return blobs;
  }

  int area() {
    return pixels.cardinality();
  }

  /** Of its centre of mass, from the left. */
  double x() {
    return pixels.stream().map(pixel -> pixel % SIDE).average().orElseThrow() + 0.5;
  }

  /** Of its centre of mass, from the top. */
  double y() {
    return pixels.stream().map(pixel -> pixel / SIDE).average().orElseThrow() + 0.5;
  }

  /** What shape it has, if any: which one covers it best. */
  Optional<Figure> figure() {
    return Arrays.stream(Figure.values())
        .max(Comparator.comparingDouble(this::overlap))
        .filter(figure -> overlap(figure) >= LEAST_OVERLAP);
  }

  /** Pixels in common, of all that are in this or in the figure. */
  private double overlap(Figure figure) {
    double radius = Math.sqrt(area() / figure.area());
    Shape outline = figure.outline(x(), y() - radius * figure.centre(), radius);
    BitSet drawn = new BitSet();
    for (int i = 0; i < SIDE * SIDE; i++) {
      int column = i % SIDE;
      int row = i / SIDE;
      drawn.set(i, outline.contains(column + 0.5, row + 0.5));
    }
    BitSet common = (BitSet) drawn.clone();
    common.and(pixels);
    drawn.or(pixels);
    return (double) common.cardinality() / drawn.cardinality();
  }

  /**
   * The colour of which, mixed with white, a pixel is made, or null where it is mostly white or of
   * no colour. A smooth edge of red is red so, though its middle is nearer to pink.
   */
  private static Colour colourOf(int rgb) {
    double[] pixel = fromWhite(rgb);
    Colour nearest = null;
    double least = MOST_DISTANCE;
    boolean isMostlyWhite = true;
    for (Colour colour : Colour.values()) {
      double[] full = fromWhite(colour.rgb().getRGB());
      double share = Math.min(Math.max(dot(pixel, full) / dot(full, full), 0), 1);
      double[] rest = new double[pixel.length];
      for (int i = 0; i < rest.length; i++) {
        rest[i] = pixel[i] - share * full[i];
      }
      double distance = Math.sqrt(dot(rest, rest));
      if (distance < least) {
        least = distance;
        nearest = colour;
        isMostlyWhite = share < 0.5;
      }
    }
    return isMostlyWhite ? null : nearest;
  }

  private static double[] fromWhite(int rgb) {
    return new double[] {255 - (rgb >> 16 & 255), 255 - (rgb >> 8 & 255), 255 - (rgb & 255)};
  }

  private static double dot(double[] a, double[] b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  }

  /** Takes away the pixels that hang together with one. */
  private static Blob takeConnected(Colour[] colours, int start) {
    Colour colour = colours[start];
    BitSet pixels = new BitSet();
    ArrayDeque<Integer> open = new ArrayDeque<>();
    open.add(start);
    while (!open.isEmpty()) {
      int place = open.remove();
      if (colours[place] == colour) {
        colours[place] = null;
        pixels.set(place);
        if (place % SIDE > 0) {
          open.add(place - 1);
        }
        if (place % SIDE < SIDE - 1) {
          open.add(place + 1);
        }
        if (place >= SIDE) {
          open.add(place - SIDE);
        }
        if (place < colours.length - SIDE) {
          open.add(place + SIDE);
        }
      }
    }
    return new Blob(colour, pixels);
  }
}
