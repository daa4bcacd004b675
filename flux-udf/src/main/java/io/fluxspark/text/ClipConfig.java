package io.fluxspark.text;

import static io.fluxspark.weights.ConfigFile.checkAtLeast;
import static io.fluxspark.weights.ConfigFile.checkPositive;

import io.fluxspark.weights.ConfigFile;
import java.nio.file.Path;
import java.util.List;

/**
 * The sizes of the CLIP text encoder, named as in transformers' {@code CLIPTextConfig}.
 *
 * @param maxPositionEmbeddings the longest sequence of tokens, 77 in CLIP
 * @param hiddenAct {@code quick_gelu} or {@code gelu}
 * @param eosTokenId whose first place is pooled; where it is 2, as in the published configurations,
 *     the place of the highest id is
 */
public record ClipConfig(
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int maxPositionEmbeddings,
    String hiddenAct,
    double layerNormEps,
    int eosTokenId) {
  private static final List<String> ACTIVATIONS = List.of("quick_gelu", "gelu");

  public ClipConfig {
    checkAtLeast(1, "vocab_size", vocabSize);
    checkAtLeast(1, "hidden_size", hiddenSize);
    checkAtLeast(1, "intermediate_size", intermediateSize);
    checkAtLeast(1, "num_hidden_layers", numHiddenLayers);
    checkAtLeast(1, "num_attention_heads", numAttentionHeads);
    checkAtLeast(2, "max_position_embeddings", maxPositionEmbeddings);
    checkPositive("layer_norm_eps", layerNormEps);
    checkAtLeast(0, "eos_token_id", eosTokenId);
    if (!ACTIVATIONS.contains(hiddenAct)) {
      throw new IllegalArgumentException(
          "key 'hidden_act' is "
              + hiddenAct
              + "; "
              + String.join(" or ", ACTIVATIONS)
              + " is wanted");
    }
    if (hiddenSize % numAttentionHeads != 0) {
      throw new IllegalArgumentException(
          "key 'hidden_size' is "
              + hiddenSize
              + "; a multiple of num_attention_heads, "
              + numAttentionHeads
              + ", is wanted");
    }
  }

  /**
   * Reads {@code FOLDER/config.json}.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL}, naming file and key
   */
  public static ClipConfig read(Path folder) {
    return ConfigFile.read(folder.resolve("config.json"), ClipConfig::of);
  }

  private static ClipConfig of(ConfigFile config) {
    config.requireAbsent(
        "quantization_config", "is there; weights must be stored in floating point");
    return new ClipConfig(
        config.requireInt("vocab_size"),
        config.requireInt("hidden_size"),
        config.requireInt("intermediate_size"),
        config.requireInt("num_hidden_layers"),
        config.requireInt("num_attention_heads"),
        config.requireInt("max_position_embeddings"),
        config.requireString("hidden_act"),
        config.requireDouble("layer_norm_eps"),
        config.requireInt("eos_token_id"));
  }
}
