package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.request.Bucket;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.PromptEmbeds;
import io.fluxspark.sampling.Euler;
import io.fluxspark.sampling.NoisePath;
import io.fluxspark.sampling.Velocity;
import io.fluxspark.transformer.FirstBlockCache;
import io.fluxspark.transformer.Modulation;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.Vae;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The making of one batch: text encoding, noise and the pictures as input, denoising, decoding.
 *
 * @param batch requests of one shape
 * @param cancelled asked between steps
 */
record BatchGeneration(
    FluxModel model, PictureDecoder decoder, List<PreparedImage> batch, BooleanSupplier cancelled) {

  GeneratedBatch make() {
    try (TensorScope scope = new TensorScope(model.device())) {
      Stopwatch stopwatch = new Stopwatch();
      Bucket bucket = bucket();
      Text text = bucket.givenEmbeds() ? givenText(scope, bucket) : encodeText(scope);
      Optional<Text> negative =
          bucket.trueCfg() ? Optional.of(negativeText(scope)) : Optional.empty();
      double textSeconds = stopwatch.lap();
      List<FirstBlockCache> caches = new ArrayList<>();
      NativeTensor latents = denoise(scope, bucket, text, negative, caches);
      double denoisingSeconds = stopwatch.lap();
      List<GeneratedImage> images = decode(latents, bucket, text, caches);
      return new GeneratedBatch(
          images,
          new StageSeconds(textSeconds, denoisingSeconds, stopwatch.lap()),
          text.encoded() + negative.map(Text::encoded).orElse(0));
    }
  }

  private Bucket bucket() {
    PreparedImage first = batch.get(0);
    Bucket bucket = first.request().bucket();
    if (!batch.stream()
        .allMatch(
            image ->
                image.request().bucket().equals(bucket)
                    && image.inputs().shape().equals(first.inputs().shape()))) {
      throw new IllegalArgumentException("the requests of a batch are of one shape");
    }
    return bucket;
  }

  /**
   * What the transformer is told of the texts.
   *
   * @param pooled CLIP's, (B, Dclip), float32
   * @param txt T5's, embedded, (B, L, D)
   * @param clipCut tokens of each text that CLIP did not see; 0 where there is none
   * @param t5Cut tokens of each text that T5 did not see; 0 where there is none
   * @param encoded how many of the texts were not known before
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Text(
      NativeTensor pooled, NativeTensor txt, int[] clipCut, int[] t5Cut, int encoded) {
    GeneratedImage.CutTokens cut(int index) {
      return new GeneratedImage.CutTokens(clipCut[index], t5Cut[index]);
    }
  }

  /** The embeddings that the rows bring; the text encoders do nothing. */
  private Text givenText(TensorScope scope, Bucket bucket) {
    int count = batch.size();
    int length = bucket.maxSequenceLength();
    TransformerConfig config = model.folder().transformerConfig();
    try (TensorScope temporary = new TensorScope(scope.device())) {
      NativeTensor hidden =
          temporary.floats(
              numbers(PromptEmbeds::prompt),
              count,
              length,
              config.jointAttentionDim()); // (B, L, Dt5)
      NativeTensor pooled =
          scope.floats(
              numbers(PromptEmbeds::pooled), count, config.pooledProjectionDim()); // (B, Dclip)
      return new Text(
          pooled, model.transformer().embedText(scope, hidden), new int[count], new int[count], 0);
    }
  }

  private float[] numbers(Function<PromptEmbeds, byte[]> part) {
    List<FloatBuffer> parts =
        batch.stream()
            .map(image -> image.request().request().promptEmbeds().orElseThrow())
            .map(part.andThen(PromptEmbeds::numbers))
            .toList();
    float[] all =
        new float[parts.stream().mapToInt(FloatBuffer::remaining).reduce(0, Math::addExact)];
    FloatBuffer joined = FloatBuffer.wrap(all);
    parts.forEach(joined::put);
    return all;
  }

  private Text encodeText(TensorScope scope) {
    Function<GenerationRequest, String> prompt = r -> r.prompt().orElseThrow();
    return encodeText(scope, prompt, r -> r.prompt2().orElseGet(() -> prompt.apply(r)));
  }

  private Text negativeText(TensorScope scope) {
    Function<GenerationRequest, String> prompt = r -> r.negativePrompt().orElseThrow();
    return encodeText(scope, prompt, prompt);
  }

  private Text encodeText(
      TensorScope scope,
      Function<GenerationRequest, String> clipText,
      Function<GenerationRequest, String> t5Text) {
    int length = batch.get(0).request().request().maxSequenceLength();
    TextEncoding.Encoded texts =
        model.texts().encode(scope, texts(clipText), texts(t5Text), length);
    return new Text(
        texts.pooled(),
        model.transformer().embedText(scope, texts.hidden()),
        texts.clipCut(),
        texts.t5Cut(),
        texts.encoded());
  }

  private List<String> texts(Function<GenerationRequest, String> text) {
    return batch.stream().map(image -> text.apply(image.request().request())).toList();
  }

  /**
   * Noise to latents, (B, S, C).
   *
   * @param caches gets those that were used
   */
  private NativeTensor denoise(
      TensorScope owner,
      Bucket bucket,
      Text text,
      Optional<Text> negative,
      List<FirstBlockCache> caches) {
    try (TensorScope scope = new TensorScope(owner.device())) {
      NativeTensor guidance =
          perPicture(scope, GenerationRequest::guidanceScale, batch.size()); // (B)
      BatchInputs inputs = BatchInputs.of(model, scope, batch, bucket);
      Rotary rotary =
          Rotary.of(
              scope,
              model.folder().transformerConfig().axesDimsRope(),
              bucket.maxSequenceLength(),
              inputs.grids());
      float[] timesteps = inputs.schedule().timesteps();
      Velocity velocity = velocity(scope, text, timesteps, guidance, rotary, caches);
      Velocity told = inputs.shown().apply(velocity);
      IntFunction<Velocity> models = step -> told;
      if (negative.isPresent()) {
        Velocity away =
            velocity(
                scope,
                negative.get(),
                Arrays.copyOfRange(timesteps, bucket.guided().from(), bucket.guided().to()),
                guidance,
                rotary,
                caches);
        NativeTensor scale =
            perPicture(scope, GenerationRequest::trueCfgScale, batch.size(), 1, 1); // (B, 1, 1)
        Velocity guided = inputs.shown().apply(model.latents().guided(velocity, away, scale));
        models = step -> bucket.guided().contains(step) ? guided : told;
      }
      return model
          .latents()
          .sample(
              owner,
              inputs.start(),
              inputs.schedule(),
              new Euler(model.latents(), NoisePath.LINEAR),
              models,
              inputs.afterStep(),
              cancelled);
    }
  }

  /** {@code scope} gets what is computed once for all timesteps. */
  private Velocity velocity(
      TensorScope scope,
      Text text,
      float[] timesteps,
      NativeTensor guidance,
      Rotary rotary,
      List<FirstBlockCache> caches) {
    Modulation modulation = model.transformer().modulate(scope, timesteps, text.pooled(), guidance);
    if (batch.get(0).request().bucket().firstBlockCache()) {
      FirstBlockCache cache = model.transformer().firstBlockCache(scope, thresholds());
      caches.add(cache);
      return (owner, x, each) -> cache.velocity(owner, x, text.txt(), modulation, each[0], rotary);
    }
    return (owner, x, each) ->
        model.transformer().velocity(owner, x, text.txt(), modulation, each[0], rotary);
  }

  private double[] thresholds() {
    return batch.stream()
        .mapToDouble(image -> image.request().request().approximations().firstBlockCacheThreshold())
        .toArray();
  }

  private NativeTensor perPicture(
      TensorScope owner, ToDoubleFunction<GenerationRequest> number, long... shape) {
    float[] numbers = new float[batch.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) number.applyAsDouble(batch.get(i).request().request());
    }
    return owner.floats(numbers, shape);
  }

  /** Pixels to tokens along one side: the autoencoder's factor, and patches of 2. */
  private int tokens(int pixels) {
    return pixels / (2 * model.folder().vaeConfig().scaleFactor());
  }

  /** One picture at a time, so that memory does not grow with the batch. */
  private List<GeneratedImage> decode(
      NativeTensor latents, Bucket bucket, Text text, List<FirstBlockCache> caches) {
    boolean[] finite = model.latents().finite(latents);
    return IntStream.range(0, batch.size())
        .mapToObj(
            i ->
                finite[i]
                    ? decode(latents, i, bucket, text.cut(i), reused(caches, i))
                    : notFinite("latents"))
        .toList();
  }

  private static OptionalInt reused(List<FirstBlockCache> caches, int index) {
    return caches.isEmpty()
        ? OptionalInt.empty()
        : OptionalInt.of(caches.stream().mapToInt(cache -> cache.reused(index)).sum());
  }

  private GeneratedImage decode(
      NativeTensor latents,
      int index,
      Bucket bucket,
      GeneratedImage.CutTokens cut,
      OptionalInt callsReused) {
    try (TensorScope scope = new TensorScope(latents.device())) {
      NativeTensor packed = model.latents().picture(scope, latents, index); // (1, S, C)
      NativeTensor latent =
          model
              .latents()
              .unpack(
                  scope,
                  packed,
                  tokens(bucket.height()),
                  tokens(bucket.width())); // (1, C / 4, 2 h, 2 w)
      Vae.Pixels pixels =
          model.vae().pixels(scope, decoder.decode(scope, latent, bucket)); // (1, H, W, 3)
      if (pixels.finite().toFloats()[0] != 0) {
        return notFinite("decoded values");
      }
      return new GeneratedImage.Made(
          new Picture(bucket.width(), bucket.height(), pixels.bytes().toBytes()), cut, callsReused);
    } catch (FluxSparkException e) {
      if (e.code() != ErrorCode.OUT_OF_MEMORY) {
        throw e;
      }
      // A smaller batch would not help: pictures are decoded alone.
      return new GeneratedImage.Failed(e);
    }
  }

  private static GeneratedImage notFinite(String what) {
    return new GeneratedImage.Failed(
        new FluxSparkException(
            ErrorCode.NOT_FINITE,
            "the "
                + what
                + " of this picture are not finite; a lower guidance_scale or true_cfg_scale, or a wider --dtype, may"
                + " help"));
  }
}
