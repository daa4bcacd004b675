package io.fluxspark.request;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Turns raw rows of the prompt table into valid requests.
 *
 * @param defaults for columns that a row leaves out
 * @param seed the job's seed, from which rows without one get theirs
 * @param conditioning what the model is shown besides text
 * @param embedDims how wide the model's embeddings of texts are
 * @param autoResize whether a Kontext model's pictures are brought to about one megapixel
 * @param files finds the files that rows name
 */
public record RequestRules(
    RequestDefaults defaults,
    RequestLimits limits,
    long seed,
    Conditioning conditioning,
    EmbedDims embedDims,
    boolean autoResize,
    InputFiles files)
    implements Serializable {
  public RequestRules {
    Objects.requireNonNull(defaults, "defaults");
    Objects.requireNonNull(limits, "limits");
    Objects.requireNonNull(conditioning, "conditioning");
    Objects.requireNonNull(embedDims, "embedDims");
    Objects.requireNonNull(files, "files");
  }

  /**
   * Checks a row and fills in defaults, id and seed.
   *
   * <p>Numbers may come as any numeric type or as text; a whole number may be written as 64.0. A
   * null is a value that was left out. A picture is a path, bytes or a {@link GivenImage}; a LoRA a
   * path, a list of paths, or a text with a JSON list of them. Embeddings are lists of numbers
   * ({@code prompt_embeds} a list of such lists) or bytes, as {@link PromptEmbeds} has them.
   *
   * @param row values by column name; names that are not in {@link RequestColumns#ALL} are ignored
   * @throws FluxSparkException {@code INVALID_ROW}, naming every wrong column, its value and what
   *     would be right
   */
  public GenerationRequest read(Map<String, ?> row) {
    RowReader reader = new RowReader(row, column -> column);
    String givenId = reader.id();
    RowEmbeds rowEmbeds = new RowEmbeds(reader, embedDims);
    String prompt = rowEmbeds.areGiven() ? null : reader.prompt();
    Long givenSeed = reader.seed();
    RequestDefaults used = sized(reader.defaults(defaults, limits), reader);
    Optional<PromptEmbeds> embeds = rowEmbeds.read(used);
    RowInputs rowInputs = new RowInputs(reader, this);
    RequestInputs inputs = rowInputs.pictures(used);
    List<Lora> loras = rowInputs.loras(used);
    if (RequestInputs.firstStep(inputs.strength(), used.numInferenceSteps())
        >= used.numInferenceSteps()) {
      reader.problem(RequestColumns.STRENGTH, "is so small that no step would be made");
    }
    if (!reader.problems().isEmpty()) {
      throw new FluxSparkException(ErrorCode.INVALID_ROW, String.join("; ", reader.problems()));
    }
    String id =
        givenId == null
            ? RequestIdentity.idOf(given(row, prompt, givenSeed, used, inputs, embeds))
            : givenId;
    return new GenerationRequest(
        id,
        Optional.ofNullable(prompt),
        embeds.isPresent() ? Optional.empty() : Optional.ofNullable(used.prompt2()),
        Optional.ofNullable(used.negativePrompt()),
        used.trueCfgScale(),
        used.height(),
        used.width(),
        used.numInferenceSteps(),
        used.guidanceScale(),
        givenSeed == null ? RequestIdentity.seedOf(seed, id) : givenSeed,
        used.numImagesPerPrompt(),
        embeds.map(PromptEmbeds::length).orElse(used.maxSequenceLength()),
        inputs,
        loras,
        embeds,
        used.approximations());
  }

  /** A Kontext model's row gives the shape of its picture alone, unless told otherwise. */
  private RequestDefaults sized(RequestDefaults used, RowReader reader) {
    if (conditioning != Conditioning.KONTEXT || !autoResize) {
      return used;
    }
    KontextSizes.Size size = KontextSizes.output(used.width(), used.height());
    if (Math.max(size.width(), size.height()) > limits.maxSize()
        || Math.min(size.width(), size.height()) < RequestLimits.SIZE_MULTIPLE) {
      reader.problem(
          RequestColumns.HEIGHT,
          "a picture of about one megapixel in this shape has "
              + size.height()
              + " x "
              + size.width()
              + " pixels; the limit is "
              + limits.maxSize()
              + " (--max-size)");
      return used;
    }
    return used.withSize(size.height(), size.width());
  }

  /** The row's own values in one form, whatever type they came in; without the job's defaults. */
  private static Map<String, Object> given(
      Map<String, ?> row,
      String prompt,
      Long seed,
      RequestDefaults used,
      RequestInputs inputs,
      Optional<PromptEmbeds> embeds) {
    Map<String, Object> values = new TreeMap<>();
    values.put(RequestColumns.PROMPT, prompt);
    values.put(RequestColumns.SEED, seed);
    values.put(RequestColumns.PROMPT_2, used.prompt2());
    values.put(RequestColumns.NEGATIVE_PROMPT, used.negativePrompt());
    values.put(RequestColumns.TRUE_CFG_SCALE, used.trueCfgScale());
    values.put(RequestColumns.HEIGHT, used.height());
    values.put(RequestColumns.WIDTH, used.width());
    values.put(RequestColumns.NUM_INFERENCE_STEPS, used.numInferenceSteps());
    values.put(RequestColumns.GUIDANCE_SCALE, used.guidanceScale());
    values.put(RequestColumns.NUM_IMAGES_PER_PROMPT, used.numImagesPerPrompt());
    values.put(RequestColumns.MAX_SEQUENCE_LENGTH, used.maxSequenceLength());
    values.put(RequestColumns.STRENGTH, used.strength());
    values.put(RequestColumns.TRUE_CFG_START, used.approximations().trueCfgStart());
    values.put(RequestColumns.TRUE_CFG_STOP, used.approximations().trueCfgStop());
    values.put(
        RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD,
        used.approximations().firstBlockCacheThreshold());
    values.put(RequestColumns.IMAGE, inputs.image().map(InputImage::content).orElse(null));
    values.put(RequestColumns.MASK_IMAGE, inputs.maskImage().map(InputImage::content).orElse(null));
    values.put(
        RequestColumns.CONTROL_IMAGE, inputs.controlImage().map(InputImage::content).orElse(null));
    values.put(RequestColumns.LORA, used.lora().toString());
    values.put(RequestColumns.LORA_SCALE, used.loraScale().toString());
    RequestIdentity.putEmbeds(values, embeds);
    values.keySet().removeIf(column -> row.get(column) == null);
    values.values().removeIf(Objects::isNull); // an empty prompt_2 is none
    return values;
  }
}
