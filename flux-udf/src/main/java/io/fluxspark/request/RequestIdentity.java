package io.fluxspark.request;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The names that follow from content alone, the same on every machine and in every run. JSON here
 * has sorted keys, no white space and exact decimals, in UTF-8.
 */
public final class RequestIdentity {
  private RequestIdentity() {}

  /**
   * The id of a row that has none: SHA-256 of its content as JSON, 64 hexadecimal digits.
   *
   * @param given the request's columns that the row itself gives, without the job's defaults
   */
  static String idOf(Map<String, ?> given) {
    return CanonicalJson.sha256(given);
  }

  /**
   * The seed of a row that has none: the first 63 bits of SHA-256 of the job's seed in decimal, a
   * line feed, and the id, in UTF-8.
   *
   * @return 0 to {@code Long.MAX_VALUE}
   */
  static long seedOf(long jobSeed, String id) {
    return ByteBuffer.wrap(CanonicalJson.sha256(jobSeed + "\n" + id)).getLong() >>> 1;
  }

  /**
   * The key of one picture: SHA-256 of its id, number, request and the job's settings as JSON, 64
   * hexadecimal digits. The number of pictures of the row is not part of it: asking for one more
   * picture leaves the others as they are.
   *
   * @param index which of the request's pictures, from 0
   */
  public static String requestKey(GenerationRequest request, int index, PictureSettings settings) {
    Map<String, Object> content = new TreeMap<>();
    content.put(RequestColumns.ID, request.id());
    content.put("k", index);
    content.put(RequestColumns.PROMPT, request.prompt().orElse(null));
    content.put(RequestColumns.PROMPT_2, request.prompt2().orElse(null));
    content.put(RequestColumns.NEGATIVE_PROMPT, request.negativePrompt().orElse(null));
    content.put(RequestColumns.TRUE_CFG_SCALE, request.trueCfgScale());
    content.put(RequestColumns.HEIGHT, request.height());
    content.put(RequestColumns.WIDTH, request.width());
    content.put(RequestColumns.NUM_INFERENCE_STEPS, request.numInferenceSteps());
    content.put(RequestColumns.GUIDANCE_SCALE, request.guidanceScale());
    content.put(RequestColumns.SEED, request.seed());
    content.put(RequestColumns.MAX_SEQUENCE_LENGTH, request.maxSequenceLength());
    putInputs(content, request);
    putApproximations(content, request);
    putEmbeds(content, request.promptEmbeds());
    content.put("format", settings.format());
    content.put("quality", settings.quality());
    content.put("dtype", settings.dtype());
    content.put("model_digest", settings.modelDigest());
    return CanonicalJson.sha256(content);
  }

  /** What a request of text alone does not have is no part of its key. */
  private static void putInputs(Map<String, Object> content, GenerationRequest request) {
    RequestInputs inputs = request.inputs();
    inputs.image().ifPresent(image -> content.put(RequestColumns.IMAGE, image.identity()));
    inputs.maskImage().ifPresent(mask -> content.put(RequestColumns.MASK_IMAGE, mask.identity()));
    inputs
        .controlImage()
        .ifPresent(control -> content.put(RequestColumns.CONTROL_IMAGE, control.identity()));
    if (inputs.task().hasStrength()) {
      content.put(RequestColumns.STRENGTH, inputs.strength());
    }
    if (inputs.task() == Task.KONTEXT) {
      content.put("auto_resize", Boolean.toString(inputs.autoResize()));
    }
    if (!request.loras().isEmpty()) {
      content.put(RequestColumns.LORA, request.loraIdentity());
    }
  }

  /** Of those that count for the request; one without any has the key that it always had. */
  private static void putApproximations(Map<String, Object> content, GenerationRequest request) {
    Approximations used = request.approximations();
    if (request.doTrueCfg() && (used.trueCfgStart() > 0 || used.trueCfgStop() < 1)) {
      content.put(RequestColumns.TRUE_CFG_START, used.trueCfgStart());
      content.put(RequestColumns.TRUE_CFG_STOP, used.trueCfgStop());
    }
    if (used.hasFirstBlockCache()) {
      content.put(RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD, used.firstBlockCacheThreshold());
    }
  }

  /** Of embeddings; a request with texts has no entry for them. */
  static void putEmbeds(Map<String, Object> content, Optional<PromptEmbeds> embeds) {
    embeds.ifPresent(
        given -> {
          content.put(RequestColumns.PROMPT_EMBEDS, given.promptIdentity());
          content.put(RequestColumns.POOLED_PROMPT_EMBEDS, given.pooledIdentity());
        });
  }

  /** The key of a row that is not valid: SHA-256 of its texts as JSON, 64 hexadecimal digits. */
  public static String invalidRowKey(Map<String, String> texts) {
    return CanonicalJson.sha256(texts);
  }
}
