package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.image.PictureEncoder;
import io.fluxspark.image.PictureScores;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.StageSeconds;
import io.fluxspark.request.Approximations;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.InputImage;
import io.fluxspark.request.Lora;
import io.fluxspark.request.PictureSettings;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.request.RequestInputs;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.ToDoubleBiFunction;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Picture files with the parameters that made them; the same picture gives the same bytes.
 *
 * @param clip scores a picture against its prompt
 */
record PictureFiles(
    PictureEncoder encoder,
    PictureSettings settings,
    boolean isScored,
    Optional<ToDoubleBiFunction<Picture, String>> clip,
    Optional<PictureReview> review) {
  private static final double NANOS = 1e9;

  /**
   * Writes one file.
   *
   * @throws FluxSparkException {@code DEVICE_LOST}; any other failure is the picture's own
   */
  ImageOutcome write(PlannedImage planned, GeneratedImage.Made made, StageSeconds seconds) {
    long start = System.nanoTime();
    Picture picture = made.picture();
    try {
      Optional<PictureReview.Verdict> verdict =
          review.map(judge -> judge(judge, picture, planned.request()));
      if (verdict.isPresent() && !verdict.get().isKept()) {
        throw new FluxSparkException(
            ErrorCode.REJECTED, "rejected by the review: " + verdict.get().text());
      }
      PictureScores scores = isScored ? PictureScores.of(picture) : null;
      Double clipScore = clip.map(scorer -> clipScore(scorer, picture, planned)).orElse(null);
      byte[] file =
          encoder.encode(
              picture, settings.quality(), parameters(planned.request(), made.callsReused()));
      double encodingSeconds = (System.nanoTime() - start) / NANOS;
      return new ImageOutcome.Made(
          planned,
          file,
          made.cut(),
          made.callsReused(),
          seconds,
          encodingSeconds,
          scores,
          clipScore,
          verdict.map(PictureReview.Verdict::text).orElse(null));
    } catch (FluxSparkException e) {
      if (e.code() == ErrorCode.DEVICE_LOST) {
        throw e;
      }
      return new ImageOutcome.Failed(planned, e);
    } catch (RuntimeException e) {
      return new ImageOutcome.Failed(
          planned,
          new FluxSparkException(ErrorCode.INTERNAL, "the picture file was not written: " + e, e));
    }
  }

  /**
   * By the prompt that CLIP's text encoder saw too; null where there is none, or where it is not
   * finite.
   */
  private static Double clipScore(
      ToDoubleBiFunction<Picture, String> scorer, Picture picture, PlannedImage planned) {
    return planned
        .request()
        .request()
        .prompt()
        .map(prompt -> scorer.applyAsDouble(picture, prompt))
        .filter(Double::isFinite)
        .orElse(null);
  }

  private static PictureReview.Verdict judge(
      PictureReview judge, Picture picture, ImageRequest request) {
    try {
      return judge.review(picture, request);
    } catch (RuntimeException e) {
      throw new FluxSparkException(
          ErrorCode.REJECTED, "the review " + judge.getClass().getName() + " failed: " + e, e);
    }
  }

  private Map<String, String> parameters(ImageRequest image, OptionalInt callsReused) {
    GenerationRequest request = image.request();
    Map<String, String> parameters = new TreeMap<>();
    request.prompt().ifPresent(text -> parameters.put(RequestColumns.PROMPT, text));
    request.prompt2().ifPresent(text -> parameters.put(RequestColumns.PROMPT_2, text));
    request
        .negativePrompt()
        .ifPresent(text -> parameters.put(RequestColumns.NEGATIVE_PROMPT, text));
    parameters.put(RequestColumns.TRUE_CFG_SCALE, Double.toString(request.trueCfgScale()));
    parameters.put(RequestColumns.HEIGHT, Integer.toString(request.height()));
    parameters.put(RequestColumns.WIDTH, Integer.toString(request.width()));
    parameters.put(
        RequestColumns.NUM_INFERENCE_STEPS, Integer.toString(request.numInferenceSteps()));
    parameters.put(RequestColumns.GUIDANCE_SCALE, Double.toString(request.guidanceScale()));
    parameters.put(RequestColumns.SEED, Long.toString(image.seed()));
    parameters.put(
        RequestColumns.MAX_SEQUENCE_LENGTH, Integer.toString(request.maxSequenceLength()));
    RequestInputs inputs = request.inputs();
    put(parameters, RequestColumns.IMAGE, inputs.image());
    put(parameters, RequestColumns.MASK_IMAGE, inputs.maskImage());
    put(parameters, RequestColumns.CONTROL_IMAGE, inputs.controlImage());
    request
        .promptEmbeds()
        .ifPresent(
            given -> {
              parameters.put(RequestColumns.PROMPT_EMBEDS, "sha256:" + given.promptSha256());
              parameters.put(RequestColumns.POOLED_PROMPT_EMBEDS, "sha256:" + given.pooledSha256());
            });
    if (inputs.task().hasStrength()) {
      parameters.put(RequestColumns.STRENGTH, Double.toString(inputs.strength()));
    }
    if (!request.loras().isEmpty()) {
      parameters.put(
          RequestColumns.LORA, request.loras().stream().map(Lora::path).toList().toString());
      parameters.put(
          RequestColumns.LORA_SCALE, request.loras().stream().map(Lora::scale).toList().toString());
    }
    List<String> approximations = settings.approximations(request);
    if (!approximations.isEmpty()) {
      parameters.put(Tables.APPROXIMATIONS, String.join(", ", approximations));
    }
    if (approximations.contains(Approximations.TRUE_CFG_RANGE)) {
      parameters.put(
          RequestColumns.TRUE_CFG_START, Double.toString(request.approximations().trueCfgStart()));
      parameters.put(
          RequestColumns.TRUE_CFG_STOP, Double.toString(request.approximations().trueCfgStop()));
    }
    if (approximations.contains(Approximations.FIRST_BLOCK_CACHE)) {
      parameters.put(
          RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD,
          Double.toString(request.approximations().firstBlockCacheThreshold()));
    }
    callsReused.ifPresent(calls -> parameters.put(Tables.CALLS_REUSED, Integer.toString(calls)));
    parameters.put("model_digest", settings.modelDigest());
    parameters.put("request_key", image.requestKey());
    return parameters;
  }

  /** The hash of a picture that went in, which says more than where it lay. */
  private static void put(
      Map<String, String> parameters, String column, Optional<InputImage> image) {
    image
        .flatMap(InputImage::file)
        .ifPresent(file -> parameters.put(column, "sha256:" + DigestUtils.sha256Hex(file)));
  }
}
