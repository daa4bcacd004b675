package io.fluxspark.request;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Date;
import java.sql.Timestamp;
import java.time.temporal.Temporal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Reads typed values out of one raw row and gathers what is wrong with it. Where a value is wrong
 * the default stands in, so that one pass finds every wrong column.
 */
final class RowReader {
  private static final BigDecimal LONG_MIN = BigDecimal.valueOf(Long.MIN_VALUE);
  private static final BigDecimal LONG_MAX = BigDecimal.valueOf(Long.MAX_VALUE);
  private static final int SHOWN_CHARACTERS = 40;

  private final Map<String, ?> row;
  private final UnaryOperator<String> label;
  private final List<String> problems = new ArrayList<>();

  /**
   * @param label what a message calls a column
   */
  RowReader(Map<String, ?> row, UnaryOperator<String> label) {
    this.row = row;
    this.label = label;
  }

  /** One text a wrong column: the column, its value, what would be right. */
  List<String> problems() {
    return List.copyOf(problems);
  }

  /** The row's own values, and the defaults where it has none. */
  RequestDefaults defaults(RequestDefaults unset, RequestLimits limits) {
    String prompt2 = text(RequestColumns.PROMPT_2, unset.prompt2());
    return new RequestDefaults(
        prompt2 == null || prompt2.isEmpty() ? null : prompt2,
        text(RequestColumns.NEGATIVE_PROMPT, unset.negativePrompt()),
        scale(RequestColumns.TRUE_CFG_SCALE, unset.trueCfgScale()),
        size(RequestColumns.HEIGHT, unset.height(), limits),
        size(RequestColumns.WIDTH, unset.width(), limits),
        count(
            RequestColumns.NUM_INFERENCE_STEPS, unset.numInferenceSteps(), RequestLimits.MAX_STEPS),
        scale(RequestColumns.GUIDANCE_SCALE, unset.guidanceScale()),
        count(
            RequestColumns.NUM_IMAGES_PER_PROMPT,
            unset.numImagesPerPrompt(),
            RequestLimits.MAX_IMAGES_PER_PROMPT),
        count(
            RequestColumns.MAX_SEQUENCE_LENGTH,
            unset.maxSequenceLength(),
            RequestLimits.MAX_SEQUENCE_LENGTH),
        strength(unset.strength()),
        unset.image(),
        unset.maskImage(),
        unset.controlImage(),
        list(RequestColumns.LORA).filter(paths -> !paths.isEmpty()).orElse(unset.lora()),
        scales(unset.loraScale()),
        approximations(unset.approximations()));
  }

  private Approximations approximations(Approximations unset) {
    double start = fraction(RequestColumns.TRUE_CFG_START, unset.trueCfgStart());
    double stop = fraction(RequestColumns.TRUE_CFG_STOP, unset.trueCfgStop());
    double threshold =
        fraction(RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD, unset.firstBlockCacheThreshold());
    if (start > stop) {
      problem(
          RequestColumns.TRUE_CFG_START,
          start + " is above " + label.apply(RequestColumns.TRUE_CFG_STOP) + ", " + stop);
      return unset;
    }
    return new Approximations(start, stop, threshold);
  }

  private double fraction(String column, double unset) {
    String right = "a number from 0 to 1";
    BigDecimal number = number(column, right);
    if (number == null) {
      return unset;
    }
    double value = number.doubleValue();
    if (!(value >= 0 && value <= 1)) {
      problem(column, row.get(column), right + " is needed");
      return unset;
    }
    return value;
  }

  private double strength(double unset) {
    String right = "a number above 0 and at most 1";
    BigDecimal number = number(RequestColumns.STRENGTH, right);
    if (number == null) {
      return unset;
    }
    double value = number.doubleValue();
    if (!(value > 0 && value <= 1)) {
      problem(RequestColumns.STRENGTH, row.get(RequestColumns.STRENGTH), right + " is needed");
      return unset;
    }
    return value;
  }

  private List<Double> scales(List<Double> unset) {
    Optional<List<String>> texts = list(RequestColumns.LORA_SCALE);
    if (texts.isEmpty() || texts.get().isEmpty()) {
      return unset;
    }
    try {
      List<Double> scales = texts.get().stream().map(Double::valueOf).toList();
      if (scales.stream().allMatch(Double::isFinite)) {
        return scales;
      }
    } catch (NumberFormatException e) {
      // named below, as an infinity is
    }
    problem(
        RequestColumns.LORA_SCALE,
        row.get(RequestColumns.LORA_SCALE),
        "a finite number or a list of them is needed");
    return unset;
  }

  /** One text, or several: a list, or a text that is a JSON list. Empty where there is none. */
  private Optional<List<String>> list(String column) {
    Object value = row.get(column);
    if (value instanceof List<?> several) {
      if (several.stream().anyMatch(Objects::isNull)) {
        problem(column, value, "a list without nulls is needed");
        return Optional.empty();
      }
      return Optional.of(several.stream().map(Object::toString).toList());
    }
    String text = text(column, "");
    if (!text.startsWith("[")) {
      return text.isEmpty() ? Optional.empty() : Optional.of(List.of(text));
    }
    try {
      return Optional.of(CanonicalJson.list(text));
    } catch (IllegalArgumentException e) {
      problem(column, text, "one value or a JSON list is needed");
      return Optional.empty();
    }
  }

  /** A path; null for none. */
  String path(String column, String unset) {
    String path = text(column, unset);
    return path == null || path.isEmpty() ? null : path;
  }

  /** A picture: its path, its bytes, or both. */
  Optional<GivenImage> image(String column, String unset) {
    Object value = row.get(column);
    if (value instanceof byte[] bytes) {
      return Optional.of(new GivenImage(null, bytes));
    }
    if (value instanceof GivenImage given && given.bytes() != null) {
      return Optional.of(given);
    }
    String path =
        value instanceof GivenImage given && given.path() != null && !given.path().isEmpty()
            ? given.path()
            : value == null || value instanceof GivenImage ? unset : path(column, unset);
    return Optional.ofNullable(path).map(found -> new GivenImage(found, null));
  }

  /** Whether the row has a value of its own. */
  boolean has(String column) {
    return value(column) != null;
  }

  /** A value as it came; null for none. */
  Object value(String column) {
    return row.get(column);
  }

  /** Whether something was found wrong with a column. */
  boolean isWrong(String column) {
    return problems.stream().anyMatch(problem -> problem.startsWith(label.apply(column) + ": "));
  }

  void problem(String column, String why) {
    problems.add(label.apply(column) + ": " + why);
  }

  String prompt() {
    if (row.get(RequestColumns.PROMPT) == null) {
      problems.add(
          label.apply(RequestColumns.PROMPT) + ": is null; a text is needed, it may be empty");
      return "";
    }
    return text(RequestColumns.PROMPT, "");
  }

  /** Null when the row has none. */
  String id() {
    String id = text(RequestColumns.ID, null);
    if (id != null && id.isEmpty()) {
      problem(RequestColumns.ID, "", "a name is needed, or null for one made from the content");
    }
    return id;
  }

  /** Null when the row has none. */
  Long seed() {
    BigDecimal number = number(RequestColumns.SEED, "a whole number of 64 bits");
    if (number == null) {
      return null;
    }
    if (!isWhole(number) || number.compareTo(LONG_MIN) < 0 || number.compareTo(LONG_MAX) > 0) {
      problem(
          RequestColumns.SEED,
          row.get(RequestColumns.SEED),
          "a whole number from " + Long.MIN_VALUE + " to " + Long.MAX_VALUE + " is needed");
      return null;
    }
    return number.longValueExact();
  }

  private int size(String column, int unset, RequestLimits limits) {
    int multiple = RequestLimits.SIZE_MULTIPLE;
    String right = "a positive multiple of " + multiple + " of at most " + limits.maxSize();
    BigDecimal number = number(column, right);
    if (number == null) {
      return unset;
    }
    if (!isWhole(number) || number.signum() <= 0) {
      problem(column, row.get(column), right + " is needed");
      return unset;
    }
    if (number.compareTo(BigDecimal.valueOf(limits.maxSize())) > 0) {
      problem(column, row.get(column), "the limit is " + limits.maxSize() + " (--max-size)");
      return unset;
    }
    int pixels = number.intValueExact();
    if (pixels % multiple != 0) {
      int below = pixels / multiple * multiple;
      String near = below == 0 ? multiple + " is" : below + " and " + (below + multiple) + " are";
      problem(column, row.get(column), "not a multiple of " + multiple + ", " + near);
      return unset;
    }
    return pixels;
  }

  private int count(String column, int unset, int most) {
    String right = "a whole number from 1 to " + most;
    BigDecimal number = number(column, right);
    if (number == null) {
      return unset;
    }
    if (!isWhole(number)
        || number.signum() <= 0
        || number.compareTo(BigDecimal.valueOf(most)) > 0) {
      problem(column, row.get(column), right + " is needed");
      return unset;
    }
    return number.intValueExact();
  }

  private double scale(String column, double unset) {
    String right = "a finite number of at least 0";
    BigDecimal number = number(column, right);
    if (number == null) {
      return unset;
    }
    double value = number.doubleValue();
    if (value < 0 || Double.isInfinite(value)) {
      problem(column, row.get(column), right + " is needed");
      return unset;
    }
    return value;
  }

  private String text(String column, String unset) {
    Object value = row.get(column);
    if (value == null) {
      return unset;
    }
    if (value instanceof CharSequence || value instanceof Number || value instanceof Boolean) {
      return value.toString();
    }
    if (value instanceof Timestamp timestamp) {
      return timestamp.toInstant().toString();
    }
    if (value instanceof Date || value instanceof Temporal) {
      return value.toString();
    }
    problem(column, value, "a text is needed");
    return unset;
  }

  /** Null when the row has no value or a wrong one. */
  private BigDecimal number(String column, String right) {
    Object value = row.get(column);
    if (value == null) {
      return null;
    }
    try {
      if (value instanceof CharSequence text) {
        return new BigDecimal(text.toString().strip());
      }
      if (value instanceof BigDecimal decimal) {
        return decimal;
      }
      if (value instanceof BigInteger integer) {
        return new BigDecimal(integer);
      }
      if (value instanceof Double || value instanceof Float) {
        return new BigDecimal(((Number) value).doubleValue());
      }
      if (value instanceof Number integer) {
        return BigDecimal.valueOf(integer.longValue());
      }
    } catch (NumberFormatException e) {
      // a text that is no number, NaN or an infinity: named below, as any other value
    }
    problem(column, value, right + " is needed");
    return null;
  }

  private static boolean isWhole(BigDecimal number) {
    return number.signum() == 0 || number.stripTrailingZeros().scale() <= 0;
  }

  private void problem(String column, Object value, String right) {
    problems.add(label.apply(column) + ": " + shown(value) + "; " + right);
  }

  private static String shown(Object value) {
    if (value instanceof byte[]) {
      return "bytes";
    }
    if (!(value instanceof CharSequence)) {
      return String.valueOf(value);
    }
    return "'" + shortened(value.toString()) + "'";
  }

  /** A text on one line, cut where it is long. */
  static String shortened(String value) {
    String text = value.replaceAll("\\s+", " ");
    boolean isLong = text.codePointCount(0, text.length()) > SHOWN_CHARACTERS;
    return isLong ? text.substring(0, text.offsetByCodePoints(0, SHOWN_CHARACTERS)) + "..." : text;
  }
}
