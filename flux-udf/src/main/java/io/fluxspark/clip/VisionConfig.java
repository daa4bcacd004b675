package io.fluxspark.clip;

import static io.fluxspark.weights.ConfigFile.checkAtLeast;

import io.fluxspark.text.ClipLayer;
import io.fluxspark.weights.ConfigFile;

/**
 * The sizes of CLIP's picture encoder, named as in transformers' {@code CLIPVisionConfig}.
 *
 * @param layer each of its layers
 * @param imageSize pixels a side of the square pictures that it sees
 * @param patchSize pixels a side of a token
 */
record VisionConfig(ClipLayer layer, int numHiddenLayers, int imageSize, int patchSize) {
  VisionConfig {
    checkAtLeast(1, "num_hidden_layers", numHiddenLayers);
    checkAtLeast(1, "patch_size", patchSize);
    checkAtLeast(patchSize, "image_size", imageSize);
    if (imageSize % patchSize != 0) {
      throw new IllegalArgumentException(
          "key 'image_size' is "
              + imageSize
              + "; a multiple of patch_size, "
              + patchSize
              + ", is wanted");
    }
  }

  /**
   * The {@code vision_config} of a {@code CLIPModel}; transformers leaves out what is as in CLIP
   * ViT B/32.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL}, naming file and key
   * @throws IllegalArgumentException naming a key whose value cannot be
   */
  static VisionConfig of(ConfigFile config) {
    if (config.optionalInt("num_channels", 3) != 3) {
      throw config.invalid("num_channels", "is not 3; pictures have red, green and blue");
    }
    return new VisionConfig(
        new ClipLayer(
            config.optionalInt("hidden_size", 768),
            config.optionalInt("intermediate_size", 3072),
            config.optionalInt("num_attention_heads", 12),
            config.optionalString("hidden_act", "quick_gelu"),
            config.optionalDouble("layer_norm_eps", 1e-5)),
        config.optionalInt("num_hidden_layers", 12),
        config.optionalInt("image_size", 224),
        config.optionalInt("patch_size", 32));
  }

  /**
   * Tokens of a picture: one for the whole, and its patches; what does not fill one is left out.
   */
  int tokens() {
    int side = imageSize / patchSize;
    return 1 + side * side;
  }
}
