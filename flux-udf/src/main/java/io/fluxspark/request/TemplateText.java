package io.fluxspark.request;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * A text with slots: a slot's name in braces stands for the slot's text, two braces for one.
 *
 * @param source as it was written
 */
record TemplateText(String source, List<Part> parts) {
  private static final Pattern SLOT_NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_-]*");

  TemplateText {
    Objects.requireNonNull(source, "source");
    parts = List.copyOf(parts);
  }

  /** Either a slot's name or a text that stands for itself. */
  record Part(String text, Kind kind) {}

  enum Kind {
    LITERAL,
    SLOT
  }

  /**
   * Takes a text apart.
   *
   * @throws IllegalArgumentException for a brace that has no partner or encloses no name, saying
   *     what would be right
   */
  static TemplateText parse(String source) {
    List<Part> parts = new ArrayList<>();
    StringBuilder literal = new StringBuilder();
    int i = 0;
    while (i < source.length()) {
      char c = source.charAt(i);
      if ((c == '{' || c == '}') && source.startsWith(String.valueOf(c), i + 1)) {
        literal.append(c);
        i += 2;
      } else if (c == '{') {
        int end = source.indexOf('}', i);
        if (end < 0) {
          throw new IllegalArgumentException("'{' has no '}'; '{{' stands for a brace");
        }
        parts.add(new Part(literal.toString(), Kind.LITERAL));
        literal.setLength(0);
        parts.add(new Part(slotName(source.substring(i + 1, end)), Kind.SLOT));
        i = end + 1;
      } else if (c == '}') {
        throw new IllegalArgumentException("'}' has no '{'; '}}' stands for a brace");
      } else {
        literal.append(c);
        i++;
      }
    }
    parts.add(new Part(literal.toString(), Kind.LITERAL));
    parts.removeIf(part -> part.text().isEmpty());
    return new TemplateText(source, parts);
  }

  /**
   * A name that a slot may have.
   *
   * @throws IllegalArgumentException for another
   */
  static String slotName(String name) {
    if (!SLOT_NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' is no name of a slot; a letter, then letters, digits, '_' and '-' are, and '{{'"
              + " stands for a brace");
    }
    return name;
  }

  /** The slots, in the order in which they stand first. */
  List<String> slots() {
    return parts.stream()
        .filter(part -> part.kind() == Kind.SLOT)
        .map(Part::text)
        .distinct()
        .toList();
  }

  /** The text with each slot's text in its place. */
  String filled(UnaryOperator<String> slotTexts) {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      text.append(part.kind() == Kind.SLOT ? slotTexts.apply(part.text()) : part.text());
    }
    return text.toString();
  }
}
