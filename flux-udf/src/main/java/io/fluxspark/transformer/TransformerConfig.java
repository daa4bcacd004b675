package io.fluxspark.transformer;

import static io.fluxspark.weights.ConfigFile.checkAtLeast;

import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.ConfigFile;
import java.nio.file.Path;
import java.util.List;

/**
 * The sizes of a FLUX.1 transformer, named as in diffusers' {@code FluxTransformer2DModel}.
 *
 * @param patchSize always 1: the pipeline packs 2 x 2 latent pixels into one token itself
 * @param inChannels channels of a packed image token
 * @param outChannels channels that the last layer gives for one token
 * @param numLayers double-stream blocks
 * @param numSingleLayers single-stream blocks
 * @param jointAttentionDim width of T5's output
 * @param pooledProjectionDim width of CLIP's pooled output
 * @param guidanceEmbeds whether the guidance scale is an input of the model
 * @param axesDimsRope how many of a head's dimensions turn with each of the three position axes;
 *     even, together {@code attentionHeadDim}
 */
public record TransformerConfig(
    int patchSize,
    int inChannels,
    int outChannels,
    int numLayers,
    int numSingleLayers,
    int attentionHeadDim,
    int numAttentionHeads,
    int jointAttentionDim,
    int pooledProjectionDim,
    boolean guidanceEmbeds,
    List<Integer> axesDimsRope) {
  /** Positions are (0, row, column). */
  private static final int AXES = 3;

  /** Each axis has an even part of a head's dimensions, 2 and 7 and 7 sixteenths of them. */
  private static final int SMALLEST_HEAD = 32;

  /** What FLUX.1's own code has; the published configuration does not name it. */
  private static final List<Integer> PUBLISHED_AXES = List.of(16, 56, 56);

  public TransformerConfig {
    axesDimsRope = List.copyOf(axesDimsRope);
    if (patchSize != 1) {
      throw new IllegalArgumentException("key 'patch_size' is " + patchSize + "; FLUX.1 has 1");
    }
    checkAtLeast(1, "in_channels", inChannels);
    checkAtLeast(1, "out_channels", outChannels);
    checkAtLeast(0, "num_layers", numLayers);
    checkAtLeast(0, "num_single_layers", numSingleLayers);
    checkAtLeast(1, "attention_head_dim", attentionHeadDim);
    checkAtLeast(1, "num_attention_heads", numAttentionHeads);
    checkAtLeast(1, "joint_attention_dim", jointAttentionDim);
    checkAtLeast(1, "pooled_projection_dim", pooledProjectionDim);
    if (axesDimsRope.size() != AXES
        || axesDimsRope.stream().anyMatch(dim -> dim < 0 || dim % 2 != 0)) {
      throw new IllegalArgumentException(
          "key 'axes_dims_rope' is " + axesDimsRope + "; three even numbers are wanted");
    }
    if (axesDimsRope.stream().mapToLong(Integer::longValue).sum() != attentionHeadDim) {
      throw new IllegalArgumentException(
          "key 'axes_dims_rope' is "
              + axesDimsRope
              + "; its sum must be attention_head_dim, "
              + attentionHeadDim);
    }
  }

  /**
   * Reads {@code FOLDER/config.json}.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL}, naming file and key
   */
  public static TransformerConfig read(Path folder) {
    return ConfigFile.read(folder.resolve("config.json"), TransformerConfig::of);
  }

  private static TransformerConfig of(ConfigFile config) {
    config.requireOneOf(
        "_class_name", config.requireString("_class_name"), List.of("FluxTransformer2DModel"));
    config.requireAbsent(
        "quantization_config", "is there; weights must be stored in floating point");
    int inChannels = config.requireInt("in_channels");
    return new TransformerConfig(
        config.requireInt("patch_size"),
        inChannels,
        config.optionalInt("out_channels", inChannels),
        config.requireInt("num_layers"),
        config.requireInt("num_single_layers"),
        config.requireInt("attention_head_dim"),
        config.requireInt("num_attention_heads"),
        config.requireInt("joint_attention_dim"),
        config.requireInt("pooled_projection_dim"),
        config.requireBoolean("guidance_embeds"),
        config.optionalInts("axes_dims_rope", PUBLISHED_AXES));
  }

  /**
   * The sizes of a transformer whose file comes without a configuration, by the shapes of its
   * weights. How the axes share a head's dimensions is not in the weights: they share them as the
   * published models do, 1 : 3.5 : 3.5.
   *
   * @param checkpoint under diffusers' names
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} where a weight is lacking
   *     or its shape is none that a transformer of FLUX.1 has
   */
  public static TransformerConfig of(Checkpoint checkpoint) {
    int headDim = checkpoint.size("transformer_blocks.0.attn.norm_q.weight", 0);
    int innerDim = checkpoint.size("x_embedder.weight", 0);
    if (headDim % SMALLEST_HEAD != 0 || innerDim % headDim != 0) {
      throw checkpoint.invalid(
          "heads have "
              + headDim
              + " of "
              + innerDim
              + " dimensions; a multiple of "
              + SMALLEST_HEAD
              + " that divides them is wanted, FLUX.1 has 128 of 3072");
    }
    int eighth = headDim / 8;
    return new TransformerConfig(
        1,
        checkpoint.size("x_embedder.weight", 1),
        checkpoint.size("proj_out.weight", 0),
        checkpoint.count("transformer_blocks."),
        checkpoint.count("single_transformer_blocks."),
        headDim,
        innerDim / headDim,
        checkpoint.size("context_embedder.weight", 1),
        checkpoint.size("time_text_embed.text_embedder.linear_1.weight", 1),
        checkpoint.find("time_text_embed.guidance_embedder.linear_1.weight").isPresent(),
        List.of(eighth, 7 * eighth / 2, 7 * eighth / 2));
  }

  /**
   * Multiplications and additions of one call for one picture: 24 D^2 a token and block for the
   * linear layers, 4 D a pair of tokens and block for the attention. What does not grow with the
   * tokens is left out.
   *
   * @param tokens L + S, text and image
   */
  public double flops(long tokens) {
    double blocks = numLayers + numSingleLayers;
    double inner = innerDim();
    return blocks * (24 * inner * inner * tokens + 4 * inner * tokens * tokens);
  }

  /** The same transformer with or without a guidance embedding. */
  public TransformerConfig withGuidanceEmbeds(boolean embeds) {
    return new TransformerConfig(
        patchSize,
        inChannels,
        outChannels,
        numLayers,
        numSingleLayers,
        attentionHeadDim,
        numAttentionHeads,
        jointAttentionDim,
        pooledProjectionDim,
        embeds,
        axesDimsRope);
  }

  /** Width of the stream of tokens. */
  public int innerDim() {
    return Math.multiplyExact(numAttentionHeads, attentionHeadDim);
  }
}
