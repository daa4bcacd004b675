package io.fluxspark.jobs;

import io.fluxspark.request.Approximations;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.spark.Tables;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * One picture as the gallery shows it. Texts are cut to a length that a page can hold; nothing is
 * escaped.
 *
 * @param index which of its row's pictures
 * @param prompt empty where there is none
 * @param title the beginning of the prompt on one line, or that it is empty, or that there is none
 * @param width of the whole picture, in pixels, as is the height
 * @param isSmall whether its pixels are to be seen as squares; smoothing would make fog of them
 * @param source a small version as an address; empty when the file could not be read
 * @param facts everything else, in the order of the page
 */
record GalleryPicture(
    String id,
    int index,
    String prompt,
    String title,
    int width,
    int height,
    boolean isSmall,
    int steps,
    String guidance,
    long seed,
    String source,
    List<Fact> facts) {

  /**
   * A named value.
   *
   * @param isLong whether the value is a text of more than a few words
   */
  record Fact(String name, String value, boolean isLong) {}

  static final String MODEL = "model";
  static final String LICENSE = "license";

  /** Column of the picture as an address, in place of its file. */
  static final String SOURCE = "source";

  private static final StructType FILE =
      new StructType()
          .add(Tables.BYTES, DataTypes.BinaryType)
          .add(Tables.PATH, DataTypes.StringType);

  /** What is read of a picture. */
  static final StructType COLUMNS =
      new StructType()
          .add(RequestColumns.ID, DataTypes.StringType)
          .add(RequestColumns.PROMPT, DataTypes.StringType)
          .add(RequestColumns.PROMPT_2, DataTypes.StringType)
          .add(RequestColumns.NEGATIVE_PROMPT, DataTypes.StringType)
          .add(RequestColumns.TRUE_CFG_SCALE, DataTypes.DoubleType)
          .add(RequestColumns.TRUE_CFG_START, DataTypes.DoubleType)
          .add(RequestColumns.TRUE_CFG_STOP, DataTypes.DoubleType)
          .add(RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD, DataTypes.DoubleType)
          .add(Tables.CALLS_REUSED, DataTypes.IntegerType)
          .add(RequestColumns.HEIGHT, DataTypes.IntegerType)
          .add(RequestColumns.WIDTH, DataTypes.IntegerType)
          .add(RequestColumns.NUM_INFERENCE_STEPS, DataTypes.IntegerType)
          .add(RequestColumns.GUIDANCE_SCALE, DataTypes.DoubleType)
          .add(RequestColumns.SEED, DataTypes.LongType)
          .add(Tables.IMAGE_INDEX, DataTypes.IntegerType)
          .add(Tables.IMAGE, FILE)
          .add(Tables.APPROXIMATIONS, DataTypes.createArrayType(DataTypes.StringType))
          .add(MODEL, DataTypes.StringType)
          .add(LICENSE, DataTypes.StringType)
          .add(Tables.REQUEST_KEY, DataTypes.StringType)
          .add(Tables.RUN_ID, DataTypes.StringType);

  /** By id, numbers by their value, and the number of the picture. */
  static final Comparator<GalleryPicture> ORDER =
      Comparator.comparing(GalleryPicture::idAsNumber)
          .thenComparing(GalleryPicture::id)
          .thenComparing(GalleryPicture::index);

  private static final int LONGEST_TEXT = 4000;
  private static final int LONGEST_TITLE = 240;
  private static final int LONGEST_NAME = 200;

  /** Pixels of the longest side below which a picture is small. */
  private static final int FEW_PIXELS = 192;

  /** Of a row of {@link #COLUMNS}, its picture file already shrunk to an address. */
  static GalleryPicture of(Row row) {
    String given = row.getAs(RequestColumns.PROMPT);
    String prompt = given == null ? "" : ShownText.of(given, LONGEST_TEXT);
    String title = given == null ? "(given embeddings)" : ShownText.line(prompt, LONGEST_TITLE);
    int width = row.<Integer>getAs(RequestColumns.WIDTH);
    int height = row.<Integer>getAs(RequestColumns.HEIGHT);
    return new GalleryPicture(
        ShownText.line(row.getAs(RequestColumns.ID), LONGEST_NAME),
        row.<Integer>getAs(Tables.IMAGE_INDEX),
        prompt,
        title.isEmpty() ? "(empty prompt)" : title,
        width,
        height,
        Math.max(width, height) < FEW_PIXELS,
        row.<Integer>getAs(RequestColumns.NUM_INFERENCE_STEPS),
        number(row.getAs(RequestColumns.GUIDANCE_SCALE)),
        row.<Long>getAs(RequestColumns.SEED),
        row.getAs(SOURCE),
        facts(row));
  }

  private static List<Fact> facts(Row row) {
    List<Fact> facts = new ArrayList<>();
    String prompt = row.getAs(RequestColumns.PROMPT);
    String prompt2 = row.getAs(RequestColumns.PROMPT_2);
    if (prompt2 != null && !prompt2.equals(prompt)) {
      facts.add(new Fact("Prompt 2", ShownText.of(prompt2, LONGEST_TEXT), true));
    }
    String negative = row.getAs(RequestColumns.NEGATIVE_PROMPT);
    if (negative != null && !negative.isEmpty()) {
      facts.add(new Fact("Negative prompt", ShownText.of(negative, LONGEST_TEXT), true));
      facts.add(
          new Fact("True CFG scale", number(row.getAs(RequestColumns.TRUE_CFG_SCALE)), false));
    }
    facts.add(
        new Fact(
            "Size",
            row.getAs(RequestColumns.WIDTH) + " × " + row.getAs(RequestColumns.HEIGHT),
            false));
    facts.add(new Fact("Steps", "" + row.getAs(RequestColumns.NUM_INFERENCE_STEPS), false));
    facts.add(new Fact("Guidance", number(row.getAs(RequestColumns.GUIDANCE_SCALE)), false));
    List<String> approximations = row.getList(row.fieldIndex(Tables.APPROXIMATIONS));
    if (approximations != null) {
      facts.add(new Fact("Approximations", approximations(row, approximations), false));
    }
    facts.add(new Fact("Seed", "" + row.getAs(RequestColumns.SEED), false));
    facts.add(name("Id", row.getAs(RequestColumns.ID)));
    facts.add(new Fact("Image", "" + row.getAs(Tables.IMAGE_INDEX), false));
    facts.add(name("Model", row.getAs(MODEL)));
    facts.add(name("License", row.getAs(LICENSE)));
    facts.add(name("Run", row.getAs(Tables.RUN_ID)));
    facts.add(name("File", row.getAs(Tables.PATH)));
    facts.add(name("Key", row.getAs(Tables.REQUEST_KEY)));
    return List.copyOf(facts);
  }

  private static String approximations(Row row, List<String> names) {
    return names.stream().map(name -> approximation(row, name)).collect(Collectors.joining(", "));
  }

  private static String approximation(Row row, String name) {
    return switch (name) {
      case Approximations.TRUE_CFG_RANGE ->
          "true CFG from "
              + number(row.getAs(RequestColumns.TRUE_CFG_START))
              + " to "
              + number(row.getAs(RequestColumns.TRUE_CFG_STOP));
      case Approximations.FIRST_BLOCK_CACHE ->
          "first-block cache of "
              + number(row.getAs(RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD))
              + ", "
              + row.getAs(Tables.CALLS_REUSED)
              + " calls reused";
      default -> name;
    };
  }

  private static Fact name(String name, String value) {
    return new Fact(name, ShownText.line(value, LONGEST_NAME), false);
  }

  private static String number(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }

  private long idAsNumber() {
    return id.matches("\\d{1,18}") ? Long.parseLong(id) : Long.MAX_VALUE;
  }
}
