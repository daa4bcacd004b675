package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.PictureFormat;
import io.fluxspark.pipeline.Offload;
import io.fluxspark.pipeline.Variant;
import io.fluxspark.request.Conditioning;
import io.fluxspark.request.PictureSettings;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.request.RequestDefaults;
import io.fluxspark.request.RequestLimits;
import io.fluxspark.request.RequestRules;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.OptionConverters;

/**
 * The options of a call. Those of rows are the request's columns; those of the call hold for all
 * its rows. What a call does not say is taken from Spark's settings {@code spark.fluxspark.NAME},
 * with dashes in the name, as the command line has it.
 */
final class CallOptions {
  static final String MODEL = "model";
  private static final String VARIANT = "variant";
  private static final String DTYPE = "dtype";
  private static final String CPU_OFFLOAD = "cpu_offload";
  private static final String BATCH_SIZE = "batch_size";
  private static final String IMAGE_FORMAT = "image_format";
  private static final String IMAGE_QUALITY = "image_quality";
  private static final String AUTO_RESIZE = "auto_resize";
  private static final String MAX_SIZE = "max_size";
  private static final String MODEL_CACHE = "model_cache";
  private static final String MODEL_CACHE_SIZE = "model_cache_size";

  /** Those that are one value for all rows. */
  static final List<String> OF_CALL =
      List.of(
          MODEL,
          VARIANT,
          DTYPE,
          CPU_OFFLOAD,
          BATCH_SIZE,
          IMAGE_FORMAT,
          IMAGE_QUALITY,
          AUTO_RESIZE,
          MAX_SIZE,
          MODEL_CACHE,
          MODEL_CACHE_SIZE);

  /** Those that each row may have a value of its own for. */
  static final List<String> OF_ROWS =
      RequestColumns.ALL.stream()
          .filter(column -> !column.equals(RequestColumns.NUM_IMAGES_PER_PROMPT))
          .toList();

  /** What can be wrong without a file being looked at. */
  private static final List<String> CHECKED_AT_ONCE =
      List.of(
          RequestColumns.ID,
          RequestColumns.PROMPT_2,
          RequestColumns.NEGATIVE_PROMPT,
          RequestColumns.TRUE_CFG_SCALE,
          RequestColumns.HEIGHT,
          RequestColumns.WIDTH,
          RequestColumns.NUM_INFERENCE_STEPS,
          RequestColumns.GUIDANCE_SCALE,
          RequestColumns.SEED,
          RequestColumns.MAX_SEQUENCE_LENGTH,
          RequestColumns.STRENGTH,
          RequestColumns.TRUE_CFG_START,
          RequestColumns.TRUE_CFG_STOP,
          RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD);

  private static final String SETTING = "spark.fluxspark.";
  private static final int MAX_QUALITY = 100;

  private final Function<String, Optional<String>> conf;
  private final Supplier<Configuration> hadoop;
  private final Map<String, Object> given;

  private CallOptions(
      Function<String, Optional<String>> conf,
      Supplier<Configuration> hadoop,
      Map<String, Object> given) {
    this.conf = conf;
    this.hadoop = hadoop;
    this.given = given;
  }

  /**
   * Those of a query.
   *
   * @param given constants, by name
   */
  static CallOptions of(SparkSession spark, Map<String, Object> given) {
    return new CallOptions(
        key -> OptionConverters.toJava(spark.conf().getOption(key)),
        () -> spark.sparkContext().hadoopConfiguration(),
        given);
  }

  /** Those of a function that a task calls, or the driver, which has the same settings. */
  static CallOptions ofProcess(Map<String, Object> given) {
    return new CallOptions(
        key -> OptionConverters.toJava(SparkEnv.get().conf().getOption(key)),
        HadoopInputFiles::conf,
        given);
  }

  /**
   * A name as given, checked.
   *
   * @throws FluxSparkException {@code INVALID_OPTION} where there is no such option
   */
  static String known(String name) {
    String option = name.toLowerCase(Locale.ROOT);
    if (option.equals(RequestColumns.PROMPT)) {
      throw invalid("option 'prompt': is the first argument");
    }
    if (!OF_CALL.contains(option) && !OF_ROWS.contains(option)) {
      throw invalid(unknown(name));
    }
    return option;
  }

  /**
   * Checks the name of a value that a row brings in a map.
   *
   * @throws FluxSparkException {@code INVALID_ROW} where no row can give it
   */
  static void requireOfRows(String option) {
    if (OF_CALL.contains(option)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_ROW,
          "option '" + option + "': holds for all rows; write it as a constant in map(...)");
    }
    if (option.equals(RequestColumns.PROMPT) || !OF_ROWS.contains(option)) {
      throw new FluxSparkException(ErrorCode.INVALID_ROW, unknown(option));
    }
  }

  private static String unknown(String name) {
    return "option '"
        + name
        + "': there is none; rows have "
        + String.join(", ", OF_ROWS.stream().filter(o -> !o.equals(RequestColumns.PROMPT)).toList())
        + ", a call has "
        + String.join(", ", OF_CALL);
  }

  /**
   * Opens the model and checks what is constant.
   *
   * @param inputs what the values are that a row brings, see {@link ImageCall}
   * @throws FluxSparkException {@code INVALID_OPTION} naming what is wrong; {@code INVALID_MODEL}
   */
  ImageCall call(List<String> inputs) {
    requireFatJar();
    ModelStoreSettings store = store();
    RequestLimits limits = limits();
    Model model = model(store);
    Map<String, String> settings = new HashMap<>();
    for (String column : RequestColumns.WITH_DEFAULT) {
      setting(column).ifPresent(value -> settings.put(column, value));
    }
    RequestRules rules =
        new RequestRules(
            model.defaults().with(settings, limits),
            limits,
            whole("seed", setting("seed").orElse("0")),
            model.conditioning(),
            model.embedDims(),
            parsed(
                AUTO_RESIZE,
                Boolean.toString(model.autoResize()),
                "true or false is needed",
                CallOptions::truth),
            new HadoopInputFiles("", model.adaptable()));
    Map<String, Object> constants = new TreeMap<>(given);
    constants.keySet().removeAll(OF_CALL);
    requireRight(constants, rules);
    return new ImageCall(job(model, store), rules, constants, inputs);
  }

  private GenerationJob job(Model model, ModelStoreSettings store) {
    boolean hasGpu = conf.apply("spark.task.resource.gpu.amount").isPresent();
    List<String> dtypes =
        hasGpu ? PictureSettings.DTYPES_ON_A_GPU : PictureSettings.DTYPES_ON_A_CPU;
    return new GenerationJob(
        model.location(),
        model.name(),
        model.license(),
        new PictureSettings(
            parsed(IMAGE_FORMAT, "png", "png, jpeg or webp is needed", PictureFormat::fromName)
                .formatName(),
            atMost(IMAGE_QUALITY, "95", MAX_QUALITY),
            parsed(
                DTYPE,
                hasGpu ? "bfloat16" : "float32",
                "one of " + String.join(", ", dtypes) + " is needed",
                name -> dtypes.contains(name) ? name : null),
            model.digest()),
        parsed(
            CPU_OFFLOAD,
            "",
            "names out of " + String.join(", ", Offload.names()) + " are needed",
            names -> Offload.parse(names).orElse(null)),
        atMost(BATCH_SIZE, "1", Integer.MAX_VALUE),
        ReviewSettings.NONE,
        null,
        store,
        "",
        model.loader());
  }

  private Model model(ModelStoreSettings store) {
    String location = text(MODEL).orElse("builtin:tiny");
    Optional<Variant> variant =
        text(VARIANT)
            .map(
                name ->
                    Variant.named(name)
                        .orElseThrow(
                            () ->
                                wrong(VARIANT, name, "one of " + Variant.names() + " is needed")));
    try (OpenModel model =
        OpenModel.of(location, variant, store, hadoop, (brought, folder) -> {})) {
      return Model.of(model);
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL,
          "model " + location + ": cannot be brought here: " + e.getMessage(),
          e);
    }
  }

  private ModelStoreSettings store() {
    return new ModelStoreSettings(
        text(MODEL_CACHE).orElse(""),
        text(MODEL_CACHE_SIZE).isEmpty()
            ? ModelStoreSettings.DEFAULT.maxBytes()
            : parsed(
                MODEL_CACHE_SIZE,
                "",
                "a size is needed, such as 200g or 500m",
                JavaUtils::byteStringAsBytes));
  }

  private RequestLimits limits() {
    int size = atMost(MAX_SIZE, "2048", Integer.MAX_VALUE);
    if (size < RequestLimits.SIZE_MULTIPLE) {
      throw wrong(
          MAX_SIZE,
          Integer.toString(size),
          "at least " + RequestLimits.SIZE_MULTIPLE + " is needed");
    }
    return new RequestLimits(size);
  }

  /** Constants are wrong for all rows, so the call is. */
  private static void requireRight(Map<String, Object> constants, RequestRules rules) {
    Map<String, Object> row = new HashMap<>(constants);
    row.keySet().retainAll(CHECKED_AT_ONCE);
    row.put(RequestColumns.PROMPT, "");
    RequestRules textOnly =
        new RequestRules(
            withoutFiles(rules.defaults()),
            rules.limits(),
            rules.seed(),
            Conditioning.NONE,
            rules.embedDims(),
            rules.autoResize(),
            rules.files());
    try {
      textOnly.read(row);
    } catch (FluxSparkException e) {
      throw new FluxSparkException(ErrorCode.INVALID_OPTION, e.getMessage(), e);
    }
  }

  private static RequestDefaults withoutFiles(RequestDefaults defaults) {
    return new RequestDefaults(
        defaults.height(),
        defaults.width(),
        defaults.numInferenceSteps(),
        defaults.guidanceScale(),
        defaults.maxSequenceLength(),
        defaults.strength());
  }

  private Optional<String> setting(String option) {
    return conf.apply(SETTING + option.replace('_', '-'));
  }

  private Optional<String> text(String option) {
    return given.containsKey(option)
        ? Optional.ofNullable(given.get(option)).map(Object::toString)
        : setting(option);
  }

  private int atMost(String option, String unset, int most) {
    String right =
        most == Integer.MAX_VALUE
            ? "a whole number of at least 1 is needed"
            : "a whole number from 1 to " + most + " is needed";
    return parsed(
        option,
        unset,
        right,
        text -> {
          int value = Integer.parseInt(text.strip());
          return value >= 1 && value <= most ? value : null;
        });
  }

  private long whole(String option, String text) {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      throw wrong(option, text, "a whole number is needed");
    }
  }

  private <T> T parsed(String option, String unset, String right, Function<String, T> parse) {
    String text = text(option).orElse(unset);
    T value;
    try {
      value = parse.apply(text);
    } catch (IllegalArgumentException | FluxSparkException e) {
      throw wrong(option, text, right);
    }
    if (value == null) {
      throw wrong(option, text, right);
    }
    return value;
  }

  private static Boolean truth(String text) {
    return text.equalsIgnoreCase("true")
        ? Boolean.TRUE
        : text.equalsIgnoreCase("false") ? Boolean.FALSE : null;
  }

  private static FluxSparkException wrong(String option, String value, String right) {
    return invalid("option '" + option + "': '" + value + "'; " + right);
  }

  private static FluxSparkException invalid(String problem) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, problem);
  }

  /** The thin jar alone has neither DJL nor its natives. */
  private static void requireFatJar() {
    try {
      Class.forName("ai.djl.engine.Engine", false, CallOptions.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new FluxSparkException(
          ErrorCode.DEVICE_ERROR,
          "this jar has no PyTorch in it; give Spark fluxspark-jobs.jar instead, which has all that"
              + " the library needs",
          e);
    }
  }
}
