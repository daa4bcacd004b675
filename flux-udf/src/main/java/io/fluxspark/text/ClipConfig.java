package io.fluxspark.text;

import static io.fluxspark.weights.ConfigFile.checkAtLeast;

import io.fluxspark.weights.ConfigFile;
import java.nio.file.Path;

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
  /** CLIP's, see {@link #ofModel}. */
  private static final int TOKENS = 77;

  private static final int VOCABULARY = 49_408;

  public ClipConfig {
    checkAtLeast(1, "vocab_size", vocabSize);
    checkAtLeast(1, "num_hidden_layers", numHiddenLayers);
    checkAtLeast(2, "max_position_embeddings", maxPositionEmbeddings);
    checkAtLeast(0, "eos_token_id", eosTokenId);
    new ClipLayer(hiddenSize, intermediateSize, numAttentionHeads, hiddenAct, layerNormEps);
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

  /**
   * The {@code text_config} of a {@code CLIPModel}; transformers leaves out what is as in CLIP ViT
   * B/32.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL}, naming file and key
   * @throws IllegalArgumentException naming a key whose value cannot be
   */
  public static ClipConfig ofModel(ConfigFile config) {
    return new ClipConfig(
        config.optionalInt("vocab_size", VOCABULARY),
        config.optionalInt("hidden_size", 512),
        config.optionalInt("intermediate_size", 2048),
        config.optionalInt("num_hidden_layers", 12),
        config.optionalInt("num_attention_heads", 8),
        config.optionalInt("max_position_embeddings", TOKENS),
        config.optionalString("hidden_act", "quick_gelu"),
        config.optionalDouble("layer_norm_eps", 1e-5),
        config.optionalInt("eos_token_id", VOCABULARY - 1));
  }

  /** Each of its layers. */
  ClipLayer layer() {
    return new ClipLayer(hiddenSize, intermediateSize, numAttentionHeads, hiddenAct, layerNormEps);
  }
}
