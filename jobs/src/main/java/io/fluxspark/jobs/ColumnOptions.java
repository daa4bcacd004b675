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

  /** What was given, by column name. */
  Map<String, String> given() {
    Map<String, String> given = new TreeMap<>();
    given.put(RequestColumns.PROMPT_2, prompt2);
    given.put(RequestColumns.NEGATIVE_PROMPT, negativePrompt);
    given.put(RequestColumns.TRUE_CFG_SCALE, trueCfgScale);
    given.put(RequestColumns.HEIGHT, height);
    given.put(RequestColumns.WIDTH, width);
    given.put(RequestColumns.NUM_INFERENCE_STEPS, numInferenceSteps);
    given.put(RequestColumns.GUIDANCE_SCALE, guidanceScale);
    given.put(RequestColumns.NUM_IMAGES_PER_PROMPT, numImagesPerPrompt);
    given.put(RequestColumns.MAX_SEQUENCE_LENGTH, maxSequenceLength);
    given.values().removeIf(value -> value == null);
    return given;
  }
}
