package io.fluxspark.training;

import io.fluxspark.Golden;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Parameters;
import io.fluxspark.sampling.NoisePath;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.WeightReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * A whole model that is as small as can be, with first weights; its pictures are of 4 x 4 tokens.
 */
record TinyModel(Path folder) {
  static final int CHANNELS = 4;
  static final int PATCH = 4;
  static final int TEXT_TOKENS = 5;
  private static final int HIDDEN = 64;
  private static final int POOLED = 32;

  /**
   * @param target where folders may be made
   */
  static TinyModel make(Path target) throws IOException {
    Path configuration = Golden.copy("dev", target.resolve("configuration"));
    try (Stream<Path> all = Files.walk(configuration)) {
      for (Path file : all.filter(path -> path.toString().endsWith(".safetensors")).toList()) {
        Files.delete(file);
      }
    }
    Golden.change(
        "dev/transformer/config.json",
        configuration.resolve("transformer"),
        config -> {
          config.put("num_layers", 1);
          config.put("num_single_layers", 1);
          config.put("attention_head_dim", 16);
          config.put("in_channels", 4 * CHANNELS);
          config.putArray("axes_dims_rope").add(4).add(6).add(6);
        });
    Golden.change(
        "dev/vae/config.json",
        configuration.resolve("vae"),
        config -> {
          config.putArray("block_out_channels").add(8).add(8);
          config.putArray("down_block_types").add("DownEncoderBlock2D").add("DownEncoderBlock2D");
          config.putArray("up_block_types").add("UpDecoderBlock2D").add("UpDecoderBlock2D");
          config.put("latent_channels", CHANNELS);
          config.put("norm_num_groups", 4);
        });
    Path folder = target.resolve("model");
    NewModels.create(configuration, folder, 1);
    return new TinyModel(folder);
  }

  TransformerConfig transformerConfig() {
    return TransformerConfig.read(folder.resolve("transformer"));
  }

  VaeConfig vaeConfig() {
    return VaeConfig.read(folder.resolve("vae"));
  }

  Parameters weights() {
    return transformer(folder, transformerConfig());
  }

  /** A folder's transformer. */
  static Parameters transformer(Path folder, TransformerConfig config) {
    return WeightReader.parameters(
        Transformer.plan(config), checkpoint(folder), Device.cpu(), DataType.FLOAT32);
  }

  static Checkpoint checkpoint(Path folder) {
    return Checkpoint.open(folder.resolve("transformer"), "diffusion_pytorch_model");
  }

  /** An encoded picture of some tokens. */
  static Example example(String id, int rows, int columns, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int size = CHANNELS * 4 * rows * columns;
    float[] logVariance = new float[size];
    Arrays.fill(logVariance, -20);
    return new Example(
        id,
        PATCH * columns,
        PATCH * rows,
        new byte[0],
        normal(random, size),
        logVariance,
        new float[0],
        new long[0],
        new long[0],
        normal(random, POOLED),
        normal(random, TEXT_TOKENS * HIDDEN));
  }

  /** The same, made of another picture of its size. */
  static Example edited(Example example, long seed) {
    return new Example(
        example.id() + " of " + seed,
        example.width(),
        example.height(),
        example.pixels(),
        example.mean(),
        example.logVariance(),
        normal(new SplittableRandom(seed), example.mean().length),
        example.clipIds(),
        example.t5Ids(),
        example.pooled(),
        example.hidden());
  }

  static float[] normal(SplittableRandom random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  static TrainingSettings settings(int workers, int batchSize, int accumulation, double rate) {
    return new TrainingSettings(
        1000,
        batchSize,
        accumulation,
        workers,
        new LearningRate(rate, 3, LearningRate.Decay.COSINE, 1000),
        0.9,
        0.99,
        0.01,
        1,
        0.9,
        5,
        1,
        1e6);
  }

  /** Learns the way to pictures. The weights stay the caller's. */
  FlowLearner learner(Parameters weights, Mixtures mixtures, Example empty) {
    return new FlowLearner(
        transformerConfig(),
        vaeConfig(),
        weights,
        List.of(),
        new GivenTexts(HIDDEN),
        new PathObjective(
            NoisePath.LINEAR, new Timesteps(Timesteps.Density.UNIFORM, 0, 1, 1), 1, mixtures),
        new FlowLearner.Settings(0.1, empty, DataType.FLOAT32, 1, false));
  }
}
