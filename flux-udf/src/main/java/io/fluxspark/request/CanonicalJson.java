package io.fluxspark.request;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The one text of a map of values, and its hash. Keys are sorted, there is no white space, and
 * doubles are written out exactly: the shortest text of a double is not the same in every Java.
 */
final class CanonicalJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .enable(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN)
          .build();

  private CanonicalJson() {}

  /**
   * The elements of a JSON list.
   *
   * @throws IllegalArgumentException where the text is none
   */
  static List<String> list(String text) {
    try {
      JsonNode json = MAPPER.readTree(text);
      if (!json.isArray()) {
        throw new IllegalArgumentException("no JSON list: " + text);
      }
      List<String> elements = new ArrayList<>();
      json.forEach(element -> elements.add(element.asText()));
      return elements;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no JSON list: " + text, e);
    }
  }

  /**
   * @param values texts, integers, finite doubles, or null
   */
  static String write(Map<String, ?> values) {
    Map<String, Object> exact = new TreeMap<>(values);
    exact.replaceAll(
        (key, value) ->
            value instanceof Double number ? new BigDecimal(number).stripTrailingZeros() : value);
    try {
      return MAPPER.writeValueAsString(exact);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("values that cannot be written as JSON: " + exact, e);
    }
  }

  /** SHA-256 of the text in UTF-8, 64 hexadecimal digits. */
  static String sha256(Map<String, ?> values) {
    return HexFormat.of().formatHex(sha256(write(values)));
  }

  /** SHA-256 of bytes, 64 hexadecimal digits. */
  static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(digest(bytes));
  }

  static byte[] sha256(String text) {
    return digest(text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
