package io.fluxspark.request;

/**
 * One picture to make: picture {@code index} of a request.
 *
 * @param index 0 to {@code request.numImagesPerPrompt() - 1}
 * @param requestKey hexadecimal SHA-256 of everything that decides the pixels and the id
 */
public record ImageRequest(GenerationRequest request, int index, String requestKey) {
  /** The seed of this picture's noise. */
  public long seed() {
    return request.seed() + index;
  }

  /** What pictures of one batch must have in common. */
  public Bucket bucket() {
    return new Bucket(
        request.height(),
        request.width(),
        request.numInferenceSteps(),
        request.maxSequenceLength(),
        request.guided(),
        request.inputs().task(),
        request.firstStep(),
        request.loraIdentity(),
        request.promptEmbeds().isPresent(),
        request.approximations().hasFirstBlockCache());
  }
}
