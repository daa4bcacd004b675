package io.fluxspark.jobs;

import io.fluxspark.request.RequestColumns;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/**
 * Defaults of the prompt table's columns, named as the columns. They stay texts here: they are read
 * as a row's values are, with the same messages.
 */
final class ColumnOptions {
  @Option(
      names = "--prompt-2",
      paramLabel = "TEXT",
      description = "Of rows that have none: T5's text; the prompt by default.")
  private String prompt2;

  @Option(
      names = "--negative-prompt",
      paramLabel = "TEXT",
      description = "Of rows that have none; none by default.")
  private String negativePrompt;

  @Option(
      names = "--true-cfg-scale",
      paramLabel = "F",
      description = "Of rows that have none; 1 by default, above 1 the negative prompt counts.")
  private String trueCfgScale;

  @Option(
      names = "--true-cfg-start",
      paramLabel = "F",
      description =
          "Fraction of the steps before which the negative prompt does not count, of rows that have"
              + " none; 0 by default.")
  private String trueCfgStart;

  @Option(
      names = "--true-cfg-stop",
      paramLabel = "F",
      description =
          "Fraction of the steps from which on it does not count any more, of rows that have none;"
              + " 1 by default.")
  private String trueCfgStop;

  @Option(
      names = "--first-block-cache-threshold",
      paramLabel = "F",
      description =
          "Change of the first block below which the others are not computed, 0 to 1, of rows that"
              + " have none; 0 by default: they always are.")
  private String firstBlockCacheThreshold;

  @Option(
      names = "--height",
      paramLabel = "PIXELS",
      description = "Of rows that have none; the model's by default.")
  private String height;

  @Option(
      names = "--width",
      paramLabel = "PIXELS",
      description = "Of rows that have none; the model's by default.")
  private String width;

  @Option(
      names = "--num-inference-steps",
      paramLabel = "N",
      description = "Of rows that have none; the model's by default.")
  private String numInferenceSteps;

  @Option(
      names = "--guidance-scale",
      paramLabel = "F",
      description = "Of rows that have none; the model's by default.")
  private String guidanceScale;

  @Option(
      names = "--num-images-per-prompt",
      paramLabel = "N",
      description = "Of rows that have none; 1 by default.")
  private String numImagesPerPrompt;

  @Option(
      names = "--max-sequence-length",
      paramLabel = "N",
      description = "T5 tokens of rows that have none; the model's by default.")
  private String maxSequenceLength;

  @Option(
      names = "--strength",
      paramLabel = "F",
      description =
          "Noise on the image of rows that have none, above 0 to 1; 0.6 by default, 1 for Fill.")
  private String strength;

  @Option(
      names = "--image",
      paramLabel = "FILE",
      description = "Picture as input, of rows that have none; none by default.")
  private String image;

  @Option(
      names = "--mask-image",
      paramLabel = "FILE",
      description = "White where the image is made anew, of rows that have none; none by default.")
  private String maskImage;

  @Option(
      names = "--control-image",
      paramLabel = "FILE",
      description = "Edges or depths, of rows that have none; none by default.")
  private String controlImage;

  @Option(
      names = "--lora",
      paramLabel = "FILE",
      description =
          "safetensors file, or a JSON list of them, of rows that have none; none by default.")
  private String lora;

  @Option(
      names = "--lora-scale",
      paramLabel = "F",
      description = "Of rows that have none, or a JSON list, one for each --lora; 1 by default.")
  private String loraScale;

  /** What was given, by column name. */
  Map<String, String> given() {
    Map<String, String> given = new TreeMap<>();
    given.put(RequestColumns.PROMPT_2, prompt2);
    given.put(RequestColumns.NEGATIVE_PROMPT, negativePrompt);
    given.put(RequestColumns.TRUE_CFG_SCALE, trueCfgScale);
    given.put(RequestColumns.TRUE_CFG_START, trueCfgStart);
    given.put(RequestColumns.TRUE_CFG_STOP, trueCfgStop);
    given.put(RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD, firstBlockCacheThreshold);
    given.put(RequestColumns.HEIGHT, height);
    given.put(RequestColumns.WIDTH, width);
    given.put(RequestColumns.NUM_INFERENCE_STEPS, numInferenceSteps);
    given.put(RequestColumns.GUIDANCE_SCALE, guidanceScale);
    given.put(RequestColumns.NUM_IMAGES_PER_PROMPT, numImagesPerPrompt);
    given.put(RequestColumns.MAX_SEQUENCE_LENGTH, maxSequenceLength);
    given.put(RequestColumns.STRENGTH, strength);
    given.put(RequestColumns.IMAGE, image);
    given.put(RequestColumns.MASK_IMAGE, maskImage);
    given.put(RequestColumns.CONTROL_IMAGE, controlImage);
    given.put(RequestColumns.LORA, lora);
    given.put(RequestColumns.LORA_SCALE, loraScale);
    given.values().removeIf(value -> value == null);
    return given;
  }
}
