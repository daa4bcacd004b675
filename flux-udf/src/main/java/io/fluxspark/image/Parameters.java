package io.fluxspark.image;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The text that goes along with a picture.
 *
 * @param values sorted by key, so that a file does not depend on the order of a map
 */
record Parameters(SortedMap<String, String> values) {
  private static final Pattern KEY = Pattern.compile("[!-~]([ -~]{0,77}[!-~])?");
  private static final String CUT = "...";

  /**
   * Readers disagree on the encoding of EXIF comments; with escapes the JSON is ASCII, which they
   * all read.
   */
  private static final JsonMapper ASCII_JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  static Parameters of(Map<String, String> parameters) {
    TreeMap<String, String> values = new TreeMap<>();
    parameters.forEach(
        (key, value) -> {
          if (!KEY.matcher(key).matches()) {
            throw new IllegalArgumentException(
                "'" + key + "' cannot name a parameter of a picture");
          }
          values.put(key, wellFormed(value));
        });
    return new Parameters(Collections.unmodifiableSortedMap(values));
  }

  private static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
        .replace('\0', '\uFFFD');
  }

  /** One JSON object, in ASCII. */
  String json() {
    try {
      return ASCII_JSON.writeValueAsString(values);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of texts is always JSON", e);
    }
  }

  /** The same JSON, with the longest values cut until it has at most so many bytes. */
  String json(int mostBytes) {
    Parameters cut = this;
    String json = json();
    while (json.length() > mostBytes && cut.longest() > CUT.length()) {
      cut = cut.withLongestHalved();
      json = cut.json();
    }
    return json;
  }

  private int longest() {
    return values.values().stream().mapToInt(String::length).max().orElse(0);
  }

  private Parameters withLongestHalved() {
    String key =
        Collections.max(values.entrySet(), Comparator.comparing(entry -> entry.getValue().length()))
            .getKey();
    String value = values.get(key);
    TreeMap<String, String> shorter = new TreeMap<>(values);
    shorter.put(key, wellFormed(value.substring(0, (value.length() - CUT.length()) / 2)) + CUT);
    return new Parameters(Collections.unmodifiableSortedMap(shorter));
  }
}
