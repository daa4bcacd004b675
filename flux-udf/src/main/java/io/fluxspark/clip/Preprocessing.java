package io.fluxspark.clip;

import static io.fluxspark.weights.ConfigFile.checkAtLeast;
import static io.fluxspark.weights.ConfigFile.checkPositive;

import io.fluxspark.image.Picture;
import io.fluxspark.image.Resampling;
import io.fluxspark.weights.ConfigFile;
import java.nio.file.Path;
import java.util.List;

/**
 * How a picture becomes what CLIP sees, with the numbers of transformers' {@code
 * CLIPImageProcessor} on Pillow: its shorter side is brought to {@code shortestEdge} with a bicubic
 * filter, the square in the middle is cut out, and every channel is normalised.
 *
 * @param shortestEdge in pixels
 * @param cropSize pixels a side of the square
 * @param rescaleFactor of values from 0 to 255
 * @param mean of each channel, after rescaling
 * @param std of each channel, after rescaling
 */
record Preprocessing(
    int shortestEdge, int cropSize, double rescaleFactor, List<Double> mean, List<Double> std) {
  private static final int CHANNELS = 3;
  private static final int CLIP_SIZE = 224;
  private static final int BICUBIC = 3;
  private static final double BYTE = 1 / 255.0;
  private static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
  private static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);

  Preprocessing {
    checkAtLeast(1, "crop_size", cropSize);
    checkAtLeast(cropSize, "size", shortestEdge);
    checkPositive("rescale_factor", rescaleFactor);
    if (mean.size() != CHANNELS || std.size() != CHANNELS) {
      throw new IllegalArgumentException(
          "keys 'image_mean' and 'image_std' have "
              + mean.size()
              + " and "
              + std.size()
              + " numbers; 3 are wanted");
    }
    std.forEach(number -> checkPositive("image_std", number));
    mean = List.copyOf(mean);
    std = List.copyOf(std);
  }

  /**
   * Reads {@code FOLDER/preprocessor_config.json}; what it leaves out is as CLIP was published.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL}, naming file and key
   */
  static Preprocessing read(Path folder) {
    return ConfigFile.read(folder.resolve("preprocessor_config.json"), Preprocessing::of);
  }

  private static Preprocessing of(ConfigFile config) {
    for (String step : List.of("do_resize", "do_center_crop", "do_rescale", "do_normalize")) {
      if (!config.optionalBoolean(step, true)) {
        throw config.invalid(step, "is false; true is wanted");
      }
    }
    int resample = config.optionalInt("resample", BICUBIC);
    if (resample != BICUBIC) {
      throw config.invalid("resample", "is " + resample + "; 3, bicubic, is wanted");
    }
    return new Preprocessing(
        config.hasObject("size")
            ? config.requireObject("size").requireInt("shortest_edge")
            : config.optionalInt("size", CLIP_SIZE),
        cropSize(config),
        config.optionalDouble("rescale_factor", BYTE),
        config.optionalDoubles("image_mean", CLIP_MEAN),
        config.optionalDoubles("image_std", CLIP_STD));
  }

  private static int cropSize(ConfigFile config) {
    if (!config.hasObject("crop_size")) {
      return config.optionalInt("crop_size", CLIP_SIZE);
    }
    ConfigFile crop = config.requireObject("crop_size");
    int height = crop.requireInt("height");
    if (crop.requireInt("width") != height) {
      throw config.invalid("crop_size", "is no square; a square is wanted");
    }
    return height;
  }

  /** What CLIP sees of a picture: (3, cropSize, cropSize), the last axis fastest. */
  float[] pixels(Picture picture) {
    Picture resized =
        picture.width() <= picture.height()
            ? Resampling.bicubic(picture, shortestEdge, longEdge(picture.height(), picture.width()))
            : Resampling.bicubic(
                picture, longEdge(picture.width(), picture.height()), shortestEdge);
    int left = (resized.width() - cropSize) / 2;
    int top = (resized.height() - cropSize) / 2;
    float[] pixels = new float[CHANNELS * cropSize * cropSize];
    for (int channel = 0; channel < CHANNELS; channel++) {
      float[] values = values(channel);
      for (int y = 0; y < cropSize; y++) {
        int from = CHANNELS * ((top + y) * resized.width() + left) + channel;
        int to = (channel * cropSize + y) * cropSize;
        for (int x = 0; x < cropSize; x++) {
          pixels[to + x] = values[resized.rgb()[from + CHANNELS * x] & 0xFF];
        }
      }
    }
    return pixels;
  }

  /** Rounded down, as transformers does. */
  private int longEdge(int longer, int shorter) {
    return (int) ((double) ((long) shortestEdge * longer) / shorter);
  }

  /** What the bytes 0 to 255 become. */
  private float[] values(int channel) {
    float[] values = new float[256];
    for (int i = 0; i < values.length; i++) {
      float unit = (float) (i * rescaleFactor);
      values[i] = (unit - mean.get(channel).floatValue()) / std.get(channel).floatValue();
    }
    return values;
  }
}
