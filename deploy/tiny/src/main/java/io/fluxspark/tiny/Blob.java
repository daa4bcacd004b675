package io.fluxspark.tiny;

import java.awt.image.BufferedImage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * A connected area of one colour in a picture.
 *
 * @param area in pixels
 * @param x of its centre of mass
 * @param y of its centre of mass, from the top
 * @param fill part of its bounding box that it covers
 * @param solidity part of its convex hull that it covers
 */
record Blob(Colour colour, int area, double x, double y, double fill, double solidity) {
  /** Smaller ones are no objects: the smallest that is trained has 59 pixels. */
  private static final int LEAST_AREA = 30;

  private static final double MOST_STAR_SOLIDITY = 0.72;
  private static final double MOST_TRIANGLE_FILL = 0.66;
  private static final double MOST_CIRCLE_FILL = 0.89;

  /** Farther than this from every mixture of white and a colour, a pixel has none. */
  private static final double MOST_DISTANCE = 90;

  /** Finds the objects of a picture, the largest first. */
  static List<Blob> find(BufferedImage picture) {
    int width = picture.getWidth();
    int height = picture.getHeight();
    Colour[] colours = new Colour[width * height];
    for (int i = 0; i < colours.length; i++) {
      colours[i] = colourOf(picture.getRGB(i % width, i / width));
    }
    List<Blob> blobs = new ArrayList<>();
    for (int i = 0; i < colours.length; i++) {
      if (colours[i] != null) {
        Colour colour = colours[i];
        List<int[]> pixels = takeConnected(colours, width, i);
        if (pixels.size() >= LEAST_AREA) {
          blobs.add(measured(colour, pixels));
        }
      }
    }
    blobs.sort(Comparator.comparingInt(Blob::area).reversed());
    return blobs;
  }

  /** What shape it has, by how much of its box and of its hull it covers. */
  Figure figure() {
    if (solidity < MOST_STAR_SOLIDITY) {
      return Figure.STAR;
    }
    if (fill < MOST_TRIANGLE_FILL) {
      return Figure.TRIANGLE;
    }
    return fill < MOST_CIRCLE_FILL ? Figure.CIRCLE : Figure.SQUARE;
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

  /** Takes away, and gives, the pixels that hang together with one. */
  private static List<int[]> takeConnected(Colour[] colours, int width, int start) {
    Colour colour = colours[start];
    List<int[]> pixels = new ArrayList<>();
    ArrayDeque<Integer> open = new ArrayDeque<>();
    open.add(start);
    colours[start] = null;
    while (!open.isEmpty()) {
      int place = open.remove();
      int x = place % width;
      int y = place / width;
      pixels.add(new int[] {x, y});
      for (int[] next : new int[][] {{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}}) {
        int there = next[1] * width + next[0];
        boolean isInside =
            next[0] >= 0 && next[0] < width && next[1] >= 0 && there < colours.length;
        if (isInside && colours[there] == colour) {
          colours[there] = null;
          open.add(there);
        }
      }
    }
    return pixels;
  }

  private static Blob measured(Colour colour, List<int[]> pixels) {
    int[] xs = pixels.stream().mapToInt(pixel -> pixel[0]).sorted().toArray();
    int[] ys = pixels.stream().mapToInt(pixel -> pixel[1]).sorted().toArray();
    int area = pixels.size();
    double box = (double) (xs[area - 1] - xs[0] + 1) * (ys[area - 1] - ys[0] + 1);
    return new Blob(
        colour,
        area,
        Arrays.stream(xs).average().orElseThrow() + 0.5,
        Arrays.stream(ys).average().orElseThrow() + 0.5,
        area / box,
        area / hullArea(pixels));
  }

  /** Area of the convex hull of the pixels' corners: Andrew's monotone chain. */
  private static double hullArea(List<int[]> pixels) {
    List<int[]> corners =
        pixels.stream()
            .flatMap(
                pixel ->
                    List.of(
                        new int[] {pixel[0], pixel[1]},
                        new int[] {pixel[0] + 1, pixel[1]},
                        new int[] {pixel[0], pixel[1] + 1},
                        new int[] {pixel[0] + 1, pixel[1] + 1})
                        .stream())
            .sorted(Comparator.<int[]>comparingInt(c -> c[0]).thenComparingInt(c -> c[1]))
            .toList();
    List<int[]> hull = new ArrayList<>(chain(corners));
    List<int[]> backwards = new ArrayList<>(corners);
    Collections.reverse(backwards);
    hull.addAll(chain(backwards));
    double twice = 0;
    for (int i = 0; i < hull.size(); i++) {
      int[] a = hull.get(i);
      int[] b = hull.get((i + 1) % hull.size());
      twice += (double) a[0] * b[1] - (double) b[0] * a[1];
    }
    return Math.abs(twice) / 2;
  }

  /** One half of the hull, without its last corner. */
  private static List<int[]> chain(List<int[]> sorted) {
    List<int[]> chain = new ArrayList<>();
    for (int[] corner : sorted) {
      while (chain.size() > 1
          && !turnsLeft(chain.get(chain.size() - 2), chain.get(chain.size() - 1), corner)) {
        chain.remove(chain.size() - 1);
      }
      chain.add(corner);
    }
    return chain.subList(0, chain.size() - 1);
  }

  private static boolean turnsLeft(int[] a, int[] b, int[] c) {
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0;
  }
}
