package io.fluxspark.request;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One valid row of the prompt table after the job's defaults were filled in. Names, meanings and
 * ranges are diffusers'.
 *
 * @param id the row's own id, or the one made from its content
 * @param prompt text for CLIP, and for T5 where {@code prompt2} is empty; may be an empty text;
 *     none where there are embeddings
 * @param prompt2 text for T5
 * @param negativePrompt what true classifier-free guidance steers away from
 * @param trueCfgScale true guidance is done where it is above 1 and there is a negative prompt
 * @param height of the picture in pixels, a positive multiple of 16
 * @param width of the picture in pixels, a positive multiple of 16
 * @param numInferenceSteps steps of the sampler, at least 1
 * @param guidanceScale value given to the guidance embedding, finite and not negative
 * @param seed seed of picture 0; picture k has {@code seed + k}
 * @param numImagesPerPrompt pictures of this row, at least 1
 * @param maxSequenceLength T5 tokens, 1 to 512; with embeddings, as many as these have vectors
 * @param inputs the row's pictures
 * @param loras that count together, in the row's order; mostly none
 * @param promptEmbeds given in place of {@code prompt} and {@code prompt2}; mostly none
 * @param approximations what may make the picture another one, to save time
 */
public record GenerationRequest(
    String id,
    Optional<String> prompt,
    Optional<String> prompt2,
    Optional<String> negativePrompt,
    double trueCfgScale,
    int height,
    int width,
    int numInferenceSteps,
    double guidanceScale,
    long seed,
    int numImagesPerPrompt,
    int maxSequenceLength,
    RequestInputs inputs,
    List<Lora> loras,
    Optional<PromptEmbeds> promptEmbeds,
    Approximations approximations) {
  public GenerationRequest {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(prompt2, "prompt2");
    Objects.requireNonNull(negativePrompt, "negativePrompt");
    Objects.requireNonNull(inputs, "inputs");
    Objects.requireNonNull(promptEmbeds, "promptEmbeds");
    Objects.requireNonNull(approximations, "approximations");
    loras = List.copyOf(loras);
    if (prompt.isPresent() == promptEmbeds.isPresent()
        || prompt2.isPresent() && promptEmbeds.isPresent()) {
      throw new IllegalArgumentException("a request has either texts or embeddings");
    }
    if (promptEmbeds.isPresent() && promptEmbeds.get().length() != maxSequenceLength) {
      throw new IllegalArgumentException(
          promptEmbeds.get().length() + " vectors for " + maxSequenceLength + " tokens");
    }
  }

  /**
   * Whether the transformer is asked with the negative prompt too, in the steps of {@link #guided}.
   */
  public boolean doTrueCfg() {
    return trueCfgScale > 1 && negativePrompt.isPresent();
  }

  /** The steps in which the transformer runs twice, counted from the first that is made. */
  public StepRange guided() {
    return doTrueCfg()
        ? StepRange.between(
            approximations.trueCfgStart(), approximations.trueCfgStop(), stepsMade())
        : StepRange.NONE;
  }

  /** The names of the approximations that this request asks for and that count for it. */
  public List<String> approximationsUsed() {
    List<String> used = new ArrayList<>();
    if (doTrueCfg() && guided().count() < stepsMade()) {
      used.add(Approximations.TRUE_CFG_RANGE);
    }
    if (approximations.hasFirstBlockCache()) {
      used.add(Approximations.FIRST_BLOCK_CACHE);
    }
    return used;
  }

  /** How many steps of the schedule the sampler makes. */
  public int stepsMade() {
    return numInferenceSteps - firstStep();
  }

  /** The step of the schedule that the sampler starts with, from 0. */
  public int firstStep() {
    return RequestInputs.firstStep(inputs.strength(), numInferenceSteps);
  }

  /** What tells the request's LoRAs from others'; empty where it has none. */
  public String loraIdentity() {
    return loras.stream().map(Lora::identity).collect(Collectors.joining(","));
  }

  /** The same with other pictures. */
  public GenerationRequest withInputs(RequestInputs other) {
    return new GenerationRequest(
        id,
        prompt,
        prompt2,
        negativePrompt,
        trueCfgScale,
        height,
        width,
        numInferenceSteps,
        guidanceScale,
        seed,
        numImagesPerPrompt,
        maxSequenceLength,
        other,
        loras,
        promptEmbeds,
        approximations);
  }
}
