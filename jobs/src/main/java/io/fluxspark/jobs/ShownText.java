package io.fluxspark.jobs;

import java.util.Locale;

/** Strangers' text, made fit to be shown on a page. Escaping is not done here. */
final class ShownText {
  private static final int REPLACEMENT = 0xFFFD;
  private static final int FIRST_NONCHARACTER = 0xFDD0;
  private static final int LAST_NONCHARACTER = 0xFDEF;

  private ShownText() {}

  /**
   * The text with line ends as {@code \n}; what is no character (controls but tab and line end,
   * unpaired surrogates, Unicode's noncharacters) is U+FFFD. What is longer is cut, and the end
   * says how much is missing. Marks of direction stay: whoever shows the text isolates it.
   *
   * @param longest code points that are kept
   */
  static String of(String text, int longest) {
    int[] all = text.replace("\r\n", "\n").replace('\r', '\n').codePoints().toArray();
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < Math.min(all.length, longest); i++) {
      shown.appendCodePoint(isCharacter(all[i]) ? all[i] : REPLACEMENT);
    }
    if (all.length > longest) {
      shown.append(
          String.format(Locale.ROOT, "… (%,d more characters)", all.length - (long) longest));
    }
    return shown.toString();
  }

  /** The same on one line, where a cut is only an ellipsis. */
  static String line(String text, int longest) {
    String line = of(text, longest + 1).replaceAll("\\s+", " ").strip();
    return line.codePointCount(0, line.length()) <= longest
        ? line
        : line.substring(0, line.offsetByCodePoints(0, longest)).strip() + "…";
  }

  private static boolean isCharacter(int codePoint) {
    if (codePoint == '\n' || codePoint == '\t') {
      return true;
    }
    int type = Character.getType(codePoint);
    boolean isNoncharacter =
        (codePoint & 0xFFFE) == 0xFFFE
            || (codePoint >= FIRST_NONCHARACTER && codePoint <= LAST_NONCHARACTER);
    return type != Character.CONTROL && type != Character.SURROGATE && !isNoncharacter;
  }
}
