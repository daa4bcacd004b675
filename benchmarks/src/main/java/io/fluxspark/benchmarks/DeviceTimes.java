package io.fluxspark.benchmarks;

import ai.djl.MalformedModelException;
import ai.djl.pytorch.jni.IValue;
import io.fluxspark.benchmarks.StepPrograms.Kind;
import io.fluxspark.benchmarks.StepPrograms.Size;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.DeviceCache;
import io.fluxspark.program.Program;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.T5Config;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.Vae;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.weights.WeightPlan;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Prints how long FLUX.1's parts take for one picture, with random weights: on a GPU those of
 * FLUX.1-dev at 1024 x 1024, on the CPU small ones. Each time ends when a number of the result was
 * read.
 */
final class DeviceTimes {
  private static final int WARM_UP = 3;
  private static final int ROUNDS = 10;
  private static final float TIMESTEP = 500;
  private static final float GUIDANCE = 3.5f;
  private static final T5Config T5 =
      new T5Config(32_128, 4096, 64, 10_240, 24, 64, 32, 128, 1e-6, "gated-gelu");
  private static final T5Config SMALL_T5 =
      new T5Config(100, 64, 16, 128, 2, 4, 32, 128, 1e-6, "gated-gelu");
  private static final ClipConfig CLIP =
      new ClipConfig(49_408, 768, 3072, 12, 12, 77, "quick_gelu", 1e-5, 2);
  private static final ClipConfig SMALL_CLIP =
      new ClipConfig(100, 64, 128, 2, 4, 77, "quick_gelu", 1e-5, 2);

  private final Device device;
  private final Size size;

  DeviceTimes(Device device) {
    this.device = device;
    this.size = device.isCuda() ? Size.DEV : Size.SMALL;
  }

  /** How steps are timed. FLUX.1-dev in float32 is 48 GB, and nobody runs it so on a GPU. */
  List<Kind> kinds() {
    return Kind.ALL.stream()
        .filter(kind -> !device.isCuda() || kind.type() == DataType.BFLOAT16)
        .toList();
  }

  /** A step of the transformer. */
  void step(Kind kind) throws IOException, MalformedModelException {
    TransformerConfig config = size.config();
    Program program = Transformer.program(config, kind.type(), kind.storage());
    WeightPlan plan = Transformer.plan(config);
    int tokens = size.rows() * size.columns();
    long start = System.nanoTime();
    try (RandomPart part = RandomPart.make(program, plan, device, kind.type(), kind.storage())) {
      IValue latents = part.normal(1, tokens, config.inChannels()); // (B, S, 64)
      IValue pooled = part.normal(1, config.pooledProjectionDim()); // (B, Dclip)
      IValue timesteps = part.floats(new float[] {TIMESTEP}, 1, 1); // (T, B)
      IValue guidance = part.floats(new float[] {GUIDANCE}, 1); // (B)
      IValue hidden = part.normal(1, size.textTokens(), config.jointAttentionDim()); // (B, L, Dt5)
      IValue txt = part.run("embed_text", part.own(), hidden); // (B, L, D)
      IValue[] modulation =
          part.parts(
              part.run(
                  "modulate",
                  part.own(),
                  pooled,
                  timesteps,
                  guidance,
                  part.layers(0),
                  part.layers(1)));
      System.out.printf(
          "step %s: weights made in %.1f s%n", kind.name(), (System.nanoTime() - start) / 1e9);
      try (IValue first = IValue.from(0L)) {
        time(
            "step " + kind.name(),
            part,
            "step",
            part.own(),
            first,
            latents,
            txt,
            modulation[0],
            modulation[1],
            modulation[2],
            rotary(part),
            part.layers(0),
            part.layers(1));
      }
    }
    DeviceCache.empty(device);
  }

  /** Cosines and sines of the tokens' angles, (L + S, d / 2, 2). */
  private IValue rotary(RandomPart part) {
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      Rotary rotary =
          Rotary.of(
              scope,
              size.config().axesDimsRope(),
              size.textTokens(),
              List.of(new Rotary.Grid(0, size.rows(), size.columns())));
      return part.floats(rotary.pe().toFloats(), rotary.pe().shape());
    }
  }

  /** CLIP and T5 for one text, and the decoder of the autoencoder. */
  void otherParts() throws IOException, MalformedModelException {
    DataType type = DataType.BFLOAT16;
    T5Config t5 = device.isCuda() ? T5 : SMALL_T5;
    try (RandomPart part = part(T5Encoder.program(t5, type), T5Encoder.plan(t5), type)) {
      int tokens = size.textTokens();
      IValue ids = part.indices(t5.vocabSize(), 1, tokens); // (B, L)
      IValue buckets = part.indices(t5.relativeAttentionNumBuckets(), tokens, tokens); // (L, L)
      time("T5", part, "encode", part.own(), ids, buckets, part.layers(0));
    }
    ClipConfig clip = device.isCuda() ? CLIP : SMALL_CLIP;
    try (RandomPart part =
        part(ClipTextEncoder.program(clip, type), ClipTextEncoder.plan(clip), type)) {
      IValue ids = part.indices(clip.vocabSize(), 1, clip.maxPositionEmbeddings()); // (B, T)
      IValue ends = part.indices(clip.maxPositionEmbeddings(), 1); // (B)
      time("CLIP", part, "pooled", part.own(), ids, ends, part.layers(0));
    }
    VaeConfig vae = vae(device.isCuda() ? 128 : 32);
    for (DataType decoding : List.of(type, DataType.FLOAT32)) {
      try (RandomPart part = part(Vae.program(vae, decoding), Vae.plan(vae), decoding)) {
        IValue latent =
            part.normal(
                1, vae.latentChannels(), 2L * size.rows(), 2L * size.columns()); // (B, C, 2 h, 2 w)
        time("VAE " + name(decoding), part, "decode", part.own(), latent);
      }
    }
    DeviceCache.empty(device);
  }

  private static VaeConfig vae(int channels) {
    return new VaeConfig(
        3,
        3,
        16,
        List.of(channels, 2 * channels, 4 * channels, 4 * channels),
        2,
        32,
        0.3611,
        0.1159,
        false,
        false,
        true);
  }

  private RandomPart part(Program program, WeightPlan plan, DataType type)
      throws IOException, MalformedModelException {
    return RandomPart.make(program, plan, device, type, WeightStorage.AS_COMPUTED);
  }

  private static String name(DataType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  private static void time(String what, RandomPart part, String method, IValue... arguments) {
    double[] warmUp = new double[WARM_UP];
    for (int i = 0; i < WARM_UP; i++) {
      warmUp[i] = part.milliseconds(method, arguments);
    }
    double[] times = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      times[i] = part.milliseconds(method, arguments);
    }
    Arrays.sort(times);
    System.out.printf(
        "%s: %.2f ms, median of %d (%.2f to %.2f), after a first one of %.0f ms%n",
        what,
        (times[ROUNDS / 2 - 1] + times[ROUNDS / 2]) / 2,
        ROUNDS,
        times[0],
        times[ROUNDS - 1],
        warmUp[0]);
  }
}
