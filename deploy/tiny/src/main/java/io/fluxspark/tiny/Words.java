package io.fluxspark.tiny;

import java.util.Locale;

/** How captions are put together. */
final class Words {
  private Words() {}

  /** A constant of an enumeration as a word: {@code RED} is red. */
  static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** Puts "a" or "an" before a noun phrase. */
  static String withArticle(String phrase) {
    return ("aeiou".indexOf(phrase.charAt(0)) >= 0 ? "an " : "a ") + phrase;
  }

  /** A noun phrase without the article that it may begin with. */
  static String withoutArticle(String phrase) {
    return phrase.replaceFirst("^(a|an|the) ", "");
  }
}
