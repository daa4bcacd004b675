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
 * @param strength of tasks that have one
 * @param image path, null for none; the same for the next two
 * @param lora paths, mostly none
 * @param loraScale one for each path, one for all, or none for 1
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
    int maxSequenceLength,
    double strength,
    String image,
    String maskImage,
    String controlImage,
    List<String> lora,
    List<Double> loraScale,
    Approximations approximations)
    implements Serializable {
  /** diffusers' default of image to image and of inpainting. */
  private static final double IMAGE_STRENGTH = 0.6;

  public RequestDefaults {
    lora = List.copyOf(lora);
    loraScale = List.copyOf(loraScale);
  }

  /** Defaults without texts, pictures and LoRAs. */
  public RequestDefaults(
      int height,
      int width,
      int numInferenceSteps,
      double guidanceScale,
      int maxSequenceLength,
      double strength) {
    this(
        null,
        null,
        1.0,
        height,
        width,
        numInferenceSteps,
        guidanceScale,
        1,
        maxSequenceLength,
        strength,
        null,
        null,
        null,
        List.of(),
        List.of(),
        Approximations.NONE);
  }

  /** diffusers' defaults of {@code FluxPipeline}, which are FLUX.1-dev's. */
  public static RequestDefaults dev() {
    return new RequestDefaults(1024, 1024, 28, 3.5, 512, IMAGE_STRENGTH);
  }

  /** What FLUX.1-schnell's model card calls the pipeline with. */
  public static RequestDefaults schnell() {
    return new RequestDefaults(1024, 1024, 4, 0.0, 256, IMAGE_STRENGTH);
  }

  /** diffusers' defaults of {@code FluxFillPipeline}. */
  public static RequestDefaults fill() {
    return new RequestDefaults(1024, 1024, 50, 30.0, 512, 1.0);
  }

  /** What the built-in model with a guidance embedding was trained for. */
  public static RequestDefaults tiny() {
    return new RequestDefaults(64, 64, 20, 3.0, 24, IMAGE_STRENGTH);
  }

  /** What the built-in model of edits was trained for. */
  public static RequestDefaults tinyKontext() {
    return new RequestDefaults(64, 64, 20, 1.0, 24, IMAGE_STRENGTH);
  }

  /** What the built-in model of four steps was trained for. */
  public static RequestDefaults tinySchnell() {
    return new RequestDefaults(64, 64, 4, 0.0, 24, IMAGE_STRENGTH);
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
    RequestDefaults replaced = reader.defaults(withPictures(reader), limits);
    List<String> problems = reader.problems();
    if (!problems.isEmpty()) {
      throw new FluxSparkException(ErrorCode.INVALID_OPTION, String.join("; ", problems));
    }
    return replaced;
  }

  private RequestDefaults withPictures(RowReader reader) {
    return new RequestDefaults(
        prompt2,
        negativePrompt,
        trueCfgScale,
        height,
        width,
        numInferenceSteps,
        guidanceScale,
        numImagesPerPrompt,
        maxSequenceLength,
        strength,
        reader.path(RequestColumns.IMAGE, image),
        reader.path(RequestColumns.MASK_IMAGE, maskImage),
        reader.path(RequestColumns.CONTROL_IMAGE, controlImage),
        lora,
        loraScale,
        approximations);
  }

  /** The same with another size. */
  RequestDefaults withSize(int otherHeight, int otherWidth) {
    return new RequestDefaults(
        prompt2,
        negativePrompt,
        trueCfgScale,
        otherHeight,
        otherWidth,
        numInferenceSteps,
        guidanceScale,
        numImagesPerPrompt,
        maxSequenceLength,
        strength,
        image,
        maskImage,
        controlImage,
        lora,
        loraScale,
        approximations);
  }

  /** The option that sets the default of a column. */
  public static String option(String column) {
    return "--" + Objects.requireNonNull(column, "column").replace('_', '-');
  }
}
