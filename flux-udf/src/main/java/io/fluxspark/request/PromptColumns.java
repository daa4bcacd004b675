package io.fluxspark.request;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The columns that a set of templates may fill besides prompt, id and seed. Values are checked as
 * those of a prompt table are, but for limits that only a job knows.
 */
public final class PromptColumns {
  /** Not a column itself: {@code WIDTHxHEIGHT}, which fills both. */
  static final String SIZES = "sizes";

  private static final Set<String> WHOLE =
      Set.of(
          RequestColumns.HEIGHT,
          RequestColumns.WIDTH,
          RequestColumns.NUM_INFERENCE_STEPS,
          RequestColumns.NUM_IMAGES_PER_PROMPT,
          RequestColumns.MAX_SEQUENCE_LENGTH);

  private static final Set<String> NUMBERS =
      Set.of(
          RequestColumns.TRUE_CFG_SCALE,
          RequestColumns.GUIDANCE_SCALE,
          RequestColumns.STRENGTH,
          RequestColumns.TRUE_CFG_START,
          RequestColumns.TRUE_CFG_STOP,
          RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD);

  /** Texts that may also be lists, which are then one value. */
  private static final Set<String> LISTS = Set.of(RequestColumns.LORA, RequestColumns.LORA_SCALE);

  private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})x([0-9]{1,9})");

  private static final RequestLimits ANY_SIZE =
      new RequestLimits(
          Integer.MAX_VALUE / RequestLimits.SIZE_MULTIPLE * RequestLimits.SIZE_MULTIPLE);

  private PromptColumns() {}

  /** What values of a column are. */
  public enum Type {
    WHOLE_NUMBER,
    NUMBER,
    TEXT
  }

  /** What values of a column of a prompt table are. */
  public static Type type(String column) {
    if (WHOLE.contains(column) || column.equals(RequestColumns.SEED)) {
      return Type.WHOLE_NUMBER;
    }
    return NUMBERS.contains(column) ? Type.NUMBER : Type.TEXT;
  }

  /**
   * A value of a column.
   *
   * @throws IllegalArgumentException where there is no such column, or it cannot have this value
   */
  static ColumnValue value(String column, JsonNode value) {
    if (column.equals(SIZES)) {
      return size(value);
    }
    if (!RequestColumns.WITH_DEFAULT.contains(column)) {
      throw new IllegalArgumentException(column + ": " + noColumn(column));
    }
    boolean isList = value.isArray() && LISTS.contains(column);
    if (!value.isTextual() && !value.isNumber() && !isList) {
      throw new IllegalArgumentException(column + ": " + value + "; a text or a number is needed");
    }
    String text = isList ? value.toString() : value.asText();
    checkLikeARow(column, text);
    return new ColumnValue(Map.of(column, typed(column, value, text)));
  }

  private static Object typed(String column, JsonNode value, String text) {
    return switch (type(column)) {
      case WHOLE_NUMBER -> new BigDecimal(text.strip()).longValueExact();
      case NUMBER -> new BigDecimal(text.strip()).doubleValue();
      case TEXT -> {
        if (value.isNumber() && !LISTS.contains(column)) {
          throw new IllegalArgumentException(column + ": " + value + "; a text is needed");
        }
        try {
          yield LISTS.contains(column) && text.startsWith("[")
              ? new TemplateText(
                  text, List.of(new TemplateText.Part(text, TemplateText.Kind.LITERAL)))
              : TemplateText.parse(text);
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(column + ": " + e.getMessage(), e);
        }
      }
    };
  }

  private static ColumnValue size(JsonNode value) {
    Matcher size = SIZE.matcher(value.asText());
    if (!value.isTextual() || !size.matches()) {
      throw new IllegalArgumentException(
          SIZES + ": " + value + "; WIDTHxHEIGHT in pixels is needed, such as \"1344x768\"");
    }
    Map<String, Object> both = new LinkedHashMap<>();
    checkLikeARow(RequestColumns.WIDTH, size.group(1));
    checkLikeARow(RequestColumns.HEIGHT, size.group(2));
    both.put(RequestColumns.WIDTH, Long.valueOf(size.group(1)));
    both.put(RequestColumns.HEIGHT, Long.valueOf(size.group(2)));
    return new ColumnValue(both);
  }

  private static void checkLikeARow(String column, String text) {
    RowReader reader = new RowReader(Map.of(column, text), name -> name);
    reader.defaults(RequestDefaults.dev(), ANY_SIZE);
    if (!reader.problems().isEmpty()) {
      throw new IllegalArgumentException(reader.problems().get(0));
    }
  }

  private static String noColumn(String column) {
    return switch (column) {
      case RequestColumns.PROMPT -> "is what the templates make";
      case RequestColumns.ID -> "is made from the row's content";
      case RequestColumns.SEED -> "the key seeds beside templates says it";
      default ->
          "no such column; there are "
              + String.join(", ", RequestColumns.WITH_DEFAULT)
              + " and sizes";
    };
  }

  /** A copy in the same order that cannot be changed. */
  static Map<String, List<ColumnValue>> copy(Map<String, List<ColumnValue>> columns) {
    Map<String, List<ColumnValue>> copy = new LinkedHashMap<>();
    columns.forEach((name, values) -> copy.put(name, List.copyOf(values)));
    return Collections.unmodifiableMap(copy);
  }

  /** All columns, and where both fill one, the stronger's alone. */
  static Map<String, List<ColumnValue>> merged(
      Map<String, List<ColumnValue>> weaker, Map<String, List<ColumnValue>> stronger) {
    Set<String> taken = filled(stronger.values());
    Map<String, List<ColumnValue>> merged = new LinkedHashMap<>(weaker);
    merged.values().removeIf(values -> !Collections.disjoint(filled(List.of(values)), taken));
    merged.putAll(stronger);
    return merged;
  }

  /** The names of the columns that values fill. */
  static Set<String> filled(Collection<List<ColumnValue>> columns) {
    Set<String> names = new LinkedHashSet<>();
    columns.forEach(values -> values.forEach(value -> names.addAll(value.values().keySet())));
    return names;
  }
}
