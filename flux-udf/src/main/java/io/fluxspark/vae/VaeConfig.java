package io.fluxspark.vae;

import static io.fluxspark.weights.ConfigFile.checkAtLeast;
import static io.fluxspark.weights.ConfigFile.checkPositive;

import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.ConfigFile;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The sizes of a VAE, named as in diffusers' {@code AutoencoderKL}.
 *
 * @param blockOutChannels channels of each resolution, from the picture's to the latents'
 * @param layersPerBlock residual blocks at a resolution of the encoder; the decoder has one more
 * @param normNumGroups groups of every group norm; divides all of {@code blockOutChannels}
 * @param scalingFactor latents are {@code (encoded - shiftFactor) * scalingFactor}
 * @param shiftFactor see {@code scalingFactor}
 * @param useQuantConv whether a 1 x 1 convolution follows the encoder
 * @param usePostQuantConv whether a 1 x 1 convolution precedes the decoder
 * @param midBlockAddAttention whether the middle block attends
 */
public record VaeConfig(
    int inChannels,
    int outChannels,
    int latentChannels,
    List<Integer> blockOutChannels,
    int layersPerBlock,
    int normNumGroups,
    double scalingFactor,
    double shiftFactor,
    boolean useQuantConv,
    boolean usePostQuantConv,
    boolean midBlockAddAttention) {
  private static final int RGB = 3;
  private static final int PUBLISHED_GROUPS = 32;
  private static final double PUBLISHED_SCALE = 0.3611;
  private static final double PUBLISHED_SHIFT = 0.1159;

  public VaeConfig {
    blockOutChannels = List.copyOf(blockOutChannels);
    if (inChannels != RGB || outChannels != RGB) {
      throw new IllegalArgumentException(
          "keys 'in_channels' and 'out_channels' are "
              + inChannels
              + " and "
              + outChannels
              + "; pictures have "
              + RGB);
    }
    checkAtLeast(1, "latent_channels", latentChannels);
    checkAtLeast(1, "layers_per_block", layersPerBlock);
    checkAtLeast(1, "norm_num_groups", normNumGroups);
    checkPositive("scaling_factor", scalingFactor);
    if (!Double.isFinite(shiftFactor)) {
      throw new IllegalArgumentException(
          "key 'shift_factor' is " + shiftFactor + "; a finite number is wanted");
    }
    checkAtLeast(1, "block_out_channels (how many)", blockOutChannels.size());
    for (int channels : blockOutChannels) {
      checkAtLeast(1, "block_out_channels", channels);
      if (channels % normNumGroups != 0) {
        throw new IllegalArgumentException(
            "key 'block_out_channels' has "
                + channels
                + "; multiples of norm_num_groups, "
                + normNumGroups
                + ", are wanted");
      }
    }
  }

  /** A latent as the transformer sees it: (encoded - shiftFactor) * scalingFactor. */
  public float[] normalised(float[] encoded) {
    float[] latent = new float[encoded.length];
    for (int i = 0; i < latent.length; i++) {
      latent[i] = (float) ((encoded[i] - shiftFactor) * scalingFactor);
    }
    return latent;
  }

  /**
   * Reads {@code FOLDER/config.json}. Where {@code shift_factor} or one of the last three is
   * missing, diffusers' own default is taken: 0, true, true, true.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL}, naming file and key
   */
  public static VaeConfig read(Path folder) {
    return ConfigFile.read(folder.resolve("config.json"), VaeConfig::of);
  }

  private static VaeConfig of(ConfigFile config) {
    config.requireOneOf(
        "_class_name", config.requireString("_class_name"), List.of("AutoencoderKL"));
    config.requireOneOf("act_fn", config.requireString("act_fn"), List.of("silu"));
    List<Integer> channels = config.requireInts("block_out_channels");
    requireBlocks(config, "down_block_types", "DownEncoderBlock2D", channels.size());
    requireBlocks(config, "up_block_types", "UpDecoderBlock2D", channels.size());
    return new VaeConfig(
        config.requireInt("in_channels"),
        config.requireInt("out_channels"),
        config.requireInt("latent_channels"),
        channels,
        config.requireInt("layers_per_block"),
        config.requireInt("norm_num_groups"),
        config.requireDouble("scaling_factor"),
        config.optionalDouble("shift_factor", 0),
        config.optionalBoolean("use_quant_conv", true),
        config.optionalBoolean("use_post_quant_conv", true),
        config.optionalBoolean("mid_block_add_attention", true));
  }

  /**
   * The sizes of an autoencoder whose file comes without a configuration, by the shapes of its
   * weights. What is not in them is as FLUX.1's is published: scale 0.3611, shift 0.1159, and 32
   * groups, or as many of them as divide all channels.
   *
   * @param checkpoint under diffusers' names
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} where a weight is lacking
   */
  public static VaeConfig of(Checkpoint checkpoint) {
    List<Integer> channels = new ArrayList<>();
    int groups = PUBLISHED_GROUPS;
    for (int level = 0; level < checkpoint.count("encoder.down_blocks."); level++) {
      int count = checkpoint.size("encoder.down_blocks." + level + ".resnets.0.conv1.weight", 0);
      channels.add(count);
      groups = BigInteger.valueOf(groups).gcd(BigInteger.valueOf(count)).intValueExact();
    }
    return new VaeConfig(
        checkpoint.size("encoder.conv_in.weight", 1),
        checkpoint.size("decoder.conv_out.weight", 0),
        checkpoint.size("decoder.conv_in.weight", 1),
        channels,
        checkpoint.count("encoder.down_blocks.0.resnets."),
        groups,
        PUBLISHED_SCALE,
        PUBLISHED_SHIFT,
        checkpoint.find("quant_conv.weight").isPresent(),
        checkpoint.find("post_quant_conv.weight").isPresent(),
        checkpoint.find("encoder.mid_block.attentions.0.to_q.weight").isPresent());
  }

  private static void requireBlocks(ConfigFile config, String key, String wanted, int count) {
    List<String> blocks = config.requireStrings(key);
    blocks.forEach(block -> config.requireOneOf(key, block, List.of(wanted)));
    if (blocks.size() != count) {
      throw config.invalid(
          key, "has " + blocks.size() + " blocks; block_out_channels has " + count);
    }
  }

  /** How many pixels one latent pixel stands for, along each side. */
  public int scaleFactor() {
    return 1 << (blockOutChannels.size() - 1);
  }
}
