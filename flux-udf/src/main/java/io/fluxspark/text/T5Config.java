package io.fluxspark.text;

import static io.fluxspark.weights.ConfigFile.checkAtLeast;
import static io.fluxspark.weights.ConfigFile.checkPositive;

import io.fluxspark.weights.ConfigFile;
import java.nio.file.Path;

/**
 * The sizes of the T5 encoder, named as in transformers' {@code T5Config}.
 *
 * @param dKv width of one attention head; {@code dKv * numHeads} need not be {@code dModel}
 * @param relativeAttentionNumBuckets even: half for each direction
 * @param feedForwardProj always {@code gated-gelu}, whose GELU is the one by tanh, as in T5 1.1
 */
public record T5Config(
    int vocabSize,
    int dModel,
    int dKv,
    int dFf,
    int numLayers,
    int numHeads,
    int relativeAttentionNumBuckets,
    int relativeAttentionMaxDistance,
    double layerNormEpsilon,
    String feedForwardProj) {
  public T5Config {
    checkAtLeast(1, "vocab_size", vocabSize);
    checkAtLeast(1, "d_model", dModel);
    checkAtLeast(1, "d_kv", dKv);
    checkAtLeast(1, "d_ff", dFf);
    checkAtLeast(1, "num_layers", numLayers);
    checkAtLeast(1, "num_heads", numHeads);
    checkAtLeast(4, "relative_attention_num_buckets", relativeAttentionNumBuckets);
    checkPositive("layer_norm_epsilon", layerNormEpsilon);
    if (relativeAttentionNumBuckets % 2 != 0) {
      throw new IllegalArgumentException(
          "key 'relative_attention_num_buckets' is "
              + relativeAttentionNumBuckets
              + "; an even number is wanted");
    }
    if (relativeAttentionMaxDistance <= relativeAttentionNumBuckets / 4) {
      throw new IllegalArgumentException(
          "key 'relative_attention_max_distance' is "
              + relativeAttentionMaxDistance
              + "; more than a quarter of relative_attention_num_buckets is wanted");
    }
    if (!feedForwardProj.equals("gated-gelu")) {
      throw new IllegalArgumentException(
          "key 'feed_forward_proj' is " + feedForwardProj + "; gated-gelu is wanted");
    }
  }

  /**
   * Reads {@code FOLDER/config.json}.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL}, naming file and key
   */
  public static T5Config read(Path folder) {
    return ConfigFile.read(folder.resolve("config.json"), T5Config::of);
  }

  private static T5Config of(ConfigFile config) {
    config.requireAbsent(
        "quantization_config", "is there; weights must be stored in floating point");
    return new T5Config(
        config.requireInt("vocab_size"),
        config.requireInt("d_model"),
        config.requireInt("d_kv"),
        config.requireInt("d_ff"),
        config.requireInt("num_layers"),
        config.requireInt("num_heads"),
        config.requireInt("relative_attention_num_buckets"),
        config.requireInt("relative_attention_max_distance"),
        config.requireDouble("layer_norm_epsilon"),
        config.requireString("feed_forward_proj"));
  }
}
