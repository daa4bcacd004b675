package io.fluxspark.spark;

import static io.fluxspark.request.RequestColumns.CONTROL_IMAGE;
import static io.fluxspark.request.RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD;
import static io.fluxspark.request.RequestColumns.GUIDANCE_SCALE;
import static io.fluxspark.request.RequestColumns.HEIGHT;
import static io.fluxspark.request.RequestColumns.ID;
import static io.fluxspark.request.RequestColumns.LORA;
import static io.fluxspark.request.RequestColumns.LORA_SCALE;
import static io.fluxspark.request.RequestColumns.MASK_IMAGE;
import static io.fluxspark.request.RequestColumns.MAX_SEQUENCE_LENGTH;
import static io.fluxspark.request.RequestColumns.NEGATIVE_PROMPT;
import static io.fluxspark.request.RequestColumns.NUM_IMAGES_PER_PROMPT;
import static io.fluxspark.request.RequestColumns.NUM_INFERENCE_STEPS;
import static io.fluxspark.request.RequestColumns.PROMPT;
import static io.fluxspark.request.RequestColumns.PROMPT_2;
import static io.fluxspark.request.RequestColumns.PROMPT_EMBEDS;
import static io.fluxspark.request.RequestColumns.SEED;
import static io.fluxspark.request.RequestColumns.STRENGTH;
import static io.fluxspark.request.RequestColumns.TRUE_CFG_SCALE;
import static io.fluxspark.request.RequestColumns.TRUE_CFG_START;
import static io.fluxspark.request.RequestColumns.TRUE_CFG_STOP;
import static io.fluxspark.request.RequestColumns.WIDTH;
import static org.apache.spark.sql.types.DataTypes.BinaryType;
import static org.apache.spark.sql.types.DataTypes.BooleanType;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.createArrayType;

import io.fluxspark.request.RequestColumns;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Schemas of the planned, the written and the failed pictures. */
public final class Tables {
  public static final String IMAGE_INDEX = "image_index";
  public static final String IMAGE = "image";
  public static final String BYTES = "bytes";
  public static final String PATH = "path";
  public static final String SHA256 = "sha256";

  /** Names of what may have made a picture another one, to save time; null for none. */
  public static final String APPROXIMATIONS = "approximations";

  /** Calls of the transformer that left out all blocks but the first; null where none may. */
  public static final String CALLS_REUSED = "calls_reused";

  public static final String T5_TOKENS_CUT = "t5_tokens_cut";
  public static final String SECONDS_TEXT = "seconds_text";
  public static final String SECONDS_DENOISING = "seconds_denoising";
  public static final String SECONDS_DECODING = "seconds_decoding";
  public static final String SECONDS_ENCODING = "seconds_encoding";
  public static final String PERCEPTUAL_HASH = "perceptual_hash";
  public static final String REQUEST_KEY = "request_key";
  public static final String RUN_ID = "run_id";
  public static final String ERROR_CODE = "error_code";
  public static final String ERROR_MESSAGE = "error_message";

  /** Number of the portion of the output, in a folder's name; readers make it a column. */
  public static final String PORTION = "portion";

  /** Columns that carry what this project knows about a row of a file; never carried through. */
  public static final String RESERVED_PREFIX = "_fluxspark_";

  /** Of a row that was read from a file: the file's name. */
  public static final String SOURCE_FILE = RESERVED_PREFIX + "file";

  /** Of a row that was read from a file: where the part that one task reads begins. */
  public static final String SOURCE_START = RESERVED_PREFIX + "start";

  /** The text of a row that could not be taken apart, else null. */
  public static final String SOURCE_MALFORMED = RESERVED_PREFIX + "malformed";

  /** What {@code image}, {@code mask_image} and {@code control_image} are called in the output. */
  public static final String INPUT_PREFIX = "input_";

  /** What is written of {@code prompt_embeds}: SHA-256 of its numbers as little-endian float32. */
  public static final String PROMPT_EMBEDS_SHA256 = "prompt_embeds_sha256";

  /** The same of {@code pooled_prompt_embeds}. */
  public static final String POOLED_PROMPT_EMBEDS_SHA256 = "pooled_prompt_embeds_sha256";

  /** What the model did, by {@link io.fluxspark.request.Task#taskName}. */
  public static final String TASK = "task";

  /** Columns of planned pictures alone. */
  static final String AUTO_RESIZE = RESERVED_PREFIX + "auto_resize";

  static final String FIRST_STEP = RESERVED_PREFIX + "first_step";
  static final String GUIDED_FROM = RESERVED_PREFIX + "guided_from";
  static final String GUIDED_TO = RESERVED_PREFIX + "guided_to";
  static final String LORA_IDENTITY = RESERVED_PREFIX + "lora";

  /** Request columns that are the same in planned and in written pictures. */
  private static final StructType VALUES =
      new StructType()
          .add(ID, StringType)
          .add(PROMPT, StringType)
          .add(PROMPT_2, StringType)
          .add(NEGATIVE_PROMPT, StringType)
          .add(TRUE_CFG_SCALE, DoubleType)
          .add(HEIGHT, IntegerType)
          .add(WIDTH, IntegerType)
          .add(NUM_INFERENCE_STEPS, IntegerType)
          .add(GUIDANCE_SCALE, DoubleType)
          .add(SEED, LongType)
          .add(NUM_IMAGES_PER_PROMPT, IntegerType)
          .add(MAX_SEQUENCE_LENGTH, IntegerType)
          .add(STRENGTH, DoubleType)
          .add(TRUE_CFG_START, DoubleType)
          .add(TRUE_CFG_STOP, DoubleType)
          .add(FIRST_BLOCK_CACHE_THRESHOLD, DoubleType);

  /** A picture that a row brings, as planned: its bytes are null where they are to be read. */
  private static final StructType PLANNED_INPUT =
      new StructType().add(PATH, StringType).add(BYTES, BinaryType).add("version", StringType);

  private static final StructType PLANNED_LORA =
      new StructType().add(PATH, StringType).add("digest", StringType).add("scale", DoubleType);

  /** Embeddings that a row brings, as many vectors as {@code max_sequence_length} says. */
  private static final StructType PLANNED_EMBEDS =
      new StructType()
          .add("prompt", BinaryType)
          .add("pooled", BinaryType)
          .add("prompt_sha256", StringType)
          .add("pooled_sha256", StringType);

  /** A picture that a row brought, as written. */
  private static final StructType INPUT =
      new StructType().add(PATH, StringType).add(SHA256, StringType);

  /** The request, number of the picture and key: what the planned pictures start with. */
  static final StructType PLANNED =
      VALUES
          .add(RequestColumns.IMAGE, PLANNED_INPUT)
          .add(MASK_IMAGE, PLANNED_INPUT)
          .add(CONTROL_IMAGE, PLANNED_INPUT)
          .add(PROMPT_EMBEDS, PLANNED_EMBEDS)
          .add(LORA, createArrayType(PLANNED_LORA))
          .add(AUTO_RESIZE, BooleanType)
          .add(TASK, StringType)
          .add(FIRST_STEP, IntegerType)
          .add(GUIDED_FROM, IntegerType)
          .add(GUIDED_TO, IntegerType)
          .add(LORA_IDENTITY, StringType)
          .add(IMAGE_INDEX, IntegerType)
          .add(REQUEST_KEY, StringType);

  /** The request's columns as written. */
  private static final StructType WRITTEN =
      VALUES
          .add(TASK, StringType)
          .add(INPUT_PREFIX + RequestColumns.IMAGE, INPUT)
          .add(INPUT_PREFIX + MASK_IMAGE, INPUT)
          .add(INPUT_PREFIX + CONTROL_IMAGE, INPUT)
          .add(PROMPT_EMBEDS_SHA256, StringType)
          .add(POOLED_PROMPT_EMBEDS_SHA256, StringType)
          .add(LORA, createArrayType(StringType))
          .add(LORA_SCALE, createArrayType(DoubleType));

  private static final StructType MADE =
      new StructType()
          .add(IMAGE, new StructType().add(BYTES, BinaryType).add(PATH, StringType))
          .add(SHA256, StringType)
          .add("model", StringType)
          .add("model_digest", StringType)
          .add("license", StringType)
          .add(APPROXIMATIONS, createArrayType(StringType))
          .add(CALLS_REUSED, IntegerType)
          .add("clip_tokens_cut", IntegerType)
          .add(T5_TOKENS_CUT, IntegerType)
          .add(SECONDS_TEXT, DoubleType)
          .add(SECONDS_DENOISING, DoubleType)
          .add(SECONDS_DECODING, DoubleType)
          .add(SECONDS_ENCODING, DoubleType)
          .add(PERCEPTUAL_HASH, LongType)
          .add("sharpness", DoubleType)
          .add("flatness", DoubleType)
          .add("clip_score", DoubleType)
          .add("verdict", StringType)
          .add(REQUEST_KEY, StringType)
          .add(RUN_ID, StringType);

  /** Columns of written pictures that outputs of earlier versions do not have. */
  public static final Set<String> ADDED_LATER =
      Set.of(
          TRUE_CFG_START, TRUE_CFG_STOP, FIRST_BLOCK_CACHE_THRESHOLD, APPROXIMATIONS, CALLS_REUSED);

  private Tables() {}

  /**
   * One row a picture, as written.
   *
   * @param carried the prompt table's other columns
   */
  public static StructType images(StructType carried) {
    return concat(concat(WRITTEN.add(IMAGE_INDEX, IntegerType), MADE), carried);
  }

  /** One row a request that failed; the request's columns are texts, as they may be anything. */
  public static StructType errors() {
    StructType errors = new StructType();
    for (String column : RequestColumns.ALL) {
      errors = errors.add(column, StringType);
    }
    return errors
        .add(IMAGE_INDEX, IntegerType)
        .add(REQUEST_KEY, StringType)
        .add(ERROR_CODE, StringType)
        .add(ERROR_MESSAGE, StringType)
        .add(RUN_ID, StringType);
  }

  /** What {@link GenerateImages} makes of rows of {@link RequestTable#images}. */
  public static StructType imagesOf(StructType planned) {
    StructType carried = new StructType();
    for (int i = PLANNED.size(); i < planned.size(); i++) {
      carried = carried.add(planned.apply(i));
    }
    return images(carried);
  }

  /** Names, in lower case, that no carried column may have. */
  static Set<String> reserved() {
    Set<String> names = new TreeSet<>(List.of(PORTION, IMAGE_INDEX));
    for (StructField field : concat(WRITTEN, MADE).fields()) {
      names.add(field.name().toLowerCase(Locale.ROOT));
    }
    return names;
  }

  static StructType concat(StructType first, StructType second) {
    StructType both = first;
    for (StructField field : second.fields()) {
      both = both.add(field);
    }
    return both;
  }
}
