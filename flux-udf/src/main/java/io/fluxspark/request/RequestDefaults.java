package io.fluxspark.request;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a row has in the columns that it leaves out. The fields are {@link GenerationRequest}'s.
 *
 * @param prompt2 null for none
 * @param negativePrompt null for none
 */
public record RequestDefaults(
    String prompt2,
    String negativePrompt,
    double trueCfgScale,
    int height,
    int width,
    int numInferenceSteps,
    double guidanceScale,
    int numImagesPerPrompt,
    int maxSequenceLength)
    implements Serializable {

  /** diffusers' defaults of {@code FluxPipeline}, which are FLUX.1-dev's. */
  public static RequestDefaults dev() {
    return new RequestDefaults(null, null, 1.0, 1024, 1024, 28, 3.5, 1, 512);
  }

  /** What FLUX.1-schnell's model card calls the pipeline with. */
  public static RequestDefaults schnell() {
    return new RequestDefaults(null, null, 1.0, 1024, 1024, 4, 0.0, 1, 256);
  }

  /** What the built-in model is for: small pictures, at once. */
  public static RequestDefaults tiny() {
    return new RequestDefaults(null, null, 1.0, 128, 128, 4, 3.5, 1, 64);
  }

  /**
   * These defaults with some columns replaced.
   *
   * @param options values by column name; of {@link RequestColumns#WITH_DEFAULT}, as in a row
   * @throws FluxSparkException {@code INVALID_OPTION}, naming each wrong option as on the command
   *     line
   */
  public RequestDefaults with(Map<String, ?> options, RequestLimits limits) {
    for (String column : options.keySet()) {
      if (!RequestColumns.WITH_DEFAULT.contains(column)) {
        throw new FluxSparkException(
            ErrorCode.INVALID_OPTION,
            option(column)
                + ": has no default for the job; "
                + RequestColumns.WITH_DEFAULT
                + " have");
      }
    }
    RowReader reader = new RowReader(options, RequestDefaults::option);
    RequestDefaults replaced = reader.defaults(this, limits);
    List<String> problems = reader.problems();
    if (!problems.isEmpty()) {
      throw new FluxSparkException(ErrorCode.INVALID_OPTION, String.join("; ", problems));
    }
    return replaced;
  }

  /** The option that sets the default of a column. */
  public static String option(String column) {
    return "--" + Objects.requireNonNull(column, "column").replace('_', '-');
  }
}
