package io.fluxspark.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A JSON file of a model folder, read key by key.
 *
 * <p>Every failure is an {@code INVALID_MODEL} that names file and key. A key whose value is null
 * counts as missing.
 */
public final class ConfigFile {
  private final Path file;
  private final String prefix;
  private final ObjectNode json;

  private ConfigFile(Path file, String prefix, ObjectNode json) {
    this.file = file;
    this.prefix = prefix;
    this.json = json;
  }

  /**
   * @throws FluxSparkException when the file is missing, is not JSON, has a key twice, or is no
   *     object
   */
  public static ConfigFile read(Path file) {
    return new ConfigFile(file, "", JsonFiles.readObject(file));
  }

  /**
   * Makes a value from a file.
   *
   * @param reader may throw {@link IllegalArgumentException} whose message names the key; the
   *     file's name is put in front
   */
  public static <T> T read(Path file, Function<ConfigFile, T> reader) {
    ConfigFile config = read(file);
    try {
      return reader.apply(config);
    } catch (IllegalArgumentException e) {
      throw new FluxSparkException(ErrorCode.INVALID_MODEL, file + ": " + e.getMessage(), e);
    }
  }

  public Path file() {
    return file;
  }

  public boolean has(String key) {
    return json.hasNonNull(key);
  }

  public int requireInt(String key) {
    return require(key, "a whole number", node -> node.isIntegralNumber() && node.canConvertToInt())
        .intValue();
  }

  public int optionalInt(String key, int missing) {
    return has(key) ? requireInt(key) : missing;
  }

  public double requireDouble(String key) {
    return require(key, "a number", JsonNode::isNumber).doubleValue();
  }

  public double optionalDouble(String key, double missing) {
    return has(key) ? requireDouble(key) : missing;
  }

  public OptionalDouble optionalDouble(String key) {
    return has(key) ? OptionalDouble.of(requireDouble(key)) : OptionalDouble.empty();
  }

  public boolean requireBoolean(String key) {
    return require(key, "true or false", JsonNode::isBoolean).booleanValue();
  }

  public boolean optionalBoolean(String key, boolean missing) {
    return has(key) ? requireBoolean(key) : missing;
  }

  public String requireString(String key) {
    return require(key, "text", JsonNode::isTextual).textValue();
  }

  public String optionalString(String key, String missing) {
    return has(key) ? requireString(key) : missing;
  }

  public List<Integer> requireInts(String key) {
    List<Integer> numbers = new ArrayList<>();
    require(
            key,
            "a list of whole numbers",
            node ->
                eachIs(node, element -> element.isIntegralNumber() && element.canConvertToInt()))
        .forEach(element -> numbers.add(element.intValue()));
    return numbers;
  }

  public List<Integer> optionalInts(String key, List<Integer> missing) {
    return has(key) ? requireInts(key) : missing;
  }

  public List<Double> optionalDoubles(String key, List<Double> missing) {
    List<Double> numbers = new ArrayList<>();
    if (has(key)) {
      require(key, "a list of numbers", node -> eachIs(node, JsonNode::isNumber))
          .forEach(element -> numbers.add(element.doubleValue()));
    }
    return has(key) ? numbers : missing;
  }

  /** Whether there is an object under the key, and no other value. */
  public boolean hasObject(String key) {
    return json.path(key).isObject();
  }

  /** An object inside the file's; its keys are named {@code key.x} in failures. */
  public ConfigFile requireObject(String key) {
    ObjectNode inner = (ObjectNode) require(key, "an object", JsonNode::isObject);
    return new ConfigFile(file, prefix + key + ".", inner);
  }

  public List<String> requireStrings(String key) {
    List<String> texts = new ArrayList<>();
    require(key, "a list of texts", node -> eachIs(node, JsonNode::isTextual))
        .forEach(element -> texts.add(element.textValue()));
    return texts;
  }

  /**
   * Refuses a file that has a key which means something that is not done.
   *
   * @param problem continues the sentence "key 'x' ..."
   */
  public void requireAbsent(String key, String problem) {
    if (has(key)) {
      throw invalid(key, problem);
    }
  }

  /** Refuses any other text. */
  public void requireOneOf(String key, String value, List<String> wanted) {
    if (!wanted.contains(value)) {
      throw invalid(
          key, "is " + JsonFiles.quoted(value) + "; " + String.join(" or ", wanted) + " is wanted");
    }
  }

  /**
   * For the constructors of configuration records.
   *
   * @throws IllegalArgumentException when the value is smaller
   */
  public static void checkAtLeast(int least, String key, int value) {
    if (value < least) {
      throw new IllegalArgumentException(
          "key '" + key + "' is " + value + "; at least " + least + " is wanted");
    }
  }

  /**
   * For the constructors of configuration records.
   *
   * @throws IllegalArgumentException when the value is not finite or not above 0
   */
  public static void checkPositive(String key, double value) {
    if (!(value > 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(
          "key '" + key + "' is " + value + "; a number above 0 is wanted");
    }
  }

  /** The failure to throw for a key whose value is understood but cannot be used. */
  public FluxSparkException invalid(String key, String problem) {
    return new FluxSparkException(
        ErrorCode.INVALID_MODEL, file + ": key '" + prefix + key + "' " + problem);
  }

  private static boolean eachIs(JsonNode list, Predicate<JsonNode> wanted) {
    if (!list.isArray()) {
      return false;
    }
    for (JsonNode element : list) {
      if (!wanted.test(element)) {
        return false;
      }
    }
    return true;
  }

  private JsonNode require(String key, String kind, Predicate<JsonNode> wanted) {
    if (!has(key)) {
      throw invalid(key, "is missing; " + kind + " is wanted");
    }
    JsonNode node = json.get(key);
    if (!wanted.test(node)) {
      throw invalid(key, "is " + JsonFiles.kindOf(node) + "; " + kind + " is wanted");
    }
    return node;
  }
}
