package io.fluxspark.spark;

/** A table's texts as messages show them. */
final class ShownText {
  private ShownText() {}

  /**
   * On one line and not too long.
   *
   * @param most characters (code points) that are kept; {@code ...} stands for the rest
   */
  static String of(String text, int most) {
    String line = text.strip().replaceAll("\\s+", " ");
    return line.codePointCount(0, line.length()) > most
        ? line.substring(0, line.offsetByCodePoints(0, most)) + "..."
        : line;
  }
}
