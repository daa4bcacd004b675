package io.fluxspark.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Reading of the JSON objects of a model folder, strictly: no key twice, nothing behind the object.
 */
public final class JsonFiles {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final int LONGEST_QUOTE = 120;

  private JsonFiles() {}

  /**
   * Reads a file that holds one JSON object.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when it is missing, is not JSON, has a key
   *     twice, or is no object
   */
  public static ObjectNode readObject(Path file) {
    byte[] json;
    try {
      json = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new FluxSparkException(ErrorCode.INVALID_MODEL, file + ": no such file", e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    return parseObject(json, file.toString());
  }

  /**
   * @param where what the JSON is, for messages
   */
  static ObjectNode parseObject(byte[] json, String where) {
    JsonNode node;
    try {
      node = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL, where + ": not JSON: " + oneLine(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL, where + ": not JSON: " + oneLine(e.getMessage()), e);
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new FluxSparkException(
        ErrorCode.INVALID_MODEL, where + ": a JSON object is wanted, not " + kindOf(node));
  }

  /** The failure to throw when the machine, not the file's content, is at fault. */
  public static FluxSparkException unreadable(Path file, IOException cause) {
    return new FluxSparkException(
        ErrorCode.INPUT_OUTPUT, file + ": cannot be read: " + oneLine(cause.toString()), cause);
  }

  /** A name out of a file, made fit for a message: one line, not endless. */
  public static String quoted(String name) {
    return "'" + oneLine(name) + "'";
  }

  /** What a value is, for messages. */
  public static String kindOf(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "the list " + oneLine(node.toString());
      case NULL -> "null";
      case MISSING -> "nothing";
      default -> oneLine(node.toString());
    };
  }

  private static String oneLine(String text) {
    String line = String.valueOf(text).replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ");
    return line.length() <= LONGEST_QUOTE ? line : line.substring(0, LONGEST_QUOTE) + "...";
  }
}
