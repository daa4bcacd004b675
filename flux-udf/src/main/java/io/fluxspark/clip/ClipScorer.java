package io.fluxspark.clip;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.program.Device;
import io.fluxspark.program.DeviceCache;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.ClipTokenizer;
import io.fluxspark.weights.ModelPart;
import java.util.List;

/**
 * How well pictures fit their prompts by CLIP: CLIPScore of Hessel et al. (CLIPScore: A
 * Reference-free Evaluation Metric for Image Captioning, 2021) as torchmetrics scales it, {@code
 * 100 * max(0, cosine)} from 0 to 100. (The paper's own weight is 2.5 instead of 100, and it puts
 * "A photo depicts" in front of captions, which torchmetrics does not.)
 *
 * <p>Computes in float32. Several threads may use it at once.
 */
public final class ClipScorer implements AutoCloseable {
  private static final double SCALE = 100;

  private final ClipTokenizer tokenizer;
  private final ClipTextEncoder text;
  private final Preprocessing preprocessing;
  private final VisionProgram programs;
  private final ModelPart part;
  private final Device device;

  private ClipScorer(
      ClipTokenizer tokenizer,
      ClipTextEncoder text,
      Preprocessing preprocessing,
      VisionProgram programs,
      ModelPart part,
      Device device) {
    this.tokenizer = tokenizer;
    this.text = text;
    this.preprocessing = preprocessing;
    this.programs = programs;
    this.part = part;
    this.device = device;
  }

  /**
   * Loads the weights.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} where the weights do not fit the
   *     configuration, {@code DEVICE_ERROR} or {@code OUT_OF_MEMORY} where the device fails
   */
  public static ClipScorer load(ClipFolder folder, Device device) {
    ClipTokenizer tokenizer = ClipTokenizer.open(folder.path());
    ClipTextEncoder text = null;
    try {
      text = ClipTextEncoder.load(folder.text(), folder.checkpoint(), device, ClipFolder.type());
      VisionProgram programs = folder.programs();
      ModelPart part =
          ModelPart.load(
              programs.program, folder.plan(), folder.checkpoint(), device, ClipFolder.type());
      return new ClipScorer(tokenizer, text, folder.preprocessing(), programs, part, device);
    } catch (RuntimeException | Error e) {
      if (text != null) {
        text.close();
      }
      tokenizer.close();
      throw e;
    }
  }

  /**
   * Scores one picture.
   *
   * @param prompt is cut where it has more than 77 tokens, with the start and the end
   * @return 0 to 100; NaN where the model's numbers are not finite
   * @throws FluxSparkException where the device fails; {@code OUT_OF_MEMORY} after a second try
   */
  public double score(Picture picture, String prompt) {
    try {
      return scoreOnce(picture, prompt);
    } catch (FluxSparkException e) {
      if (e.code() != ErrorCode.OUT_OF_MEMORY) {
        throw e;
      }
      // The next pictures are being made meanwhile, and need the memory in other pieces.
      DeviceCache.empty(device);
      return scoreOnce(picture, prompt);
    }
  }

  private double scoreOnce(Picture picture, String prompt) {
    try (TensorScope scope = new TensorScope(device)) {
      float[] image = image(scope, picture);
      float[] words = text(scope, prompt);
      // A rounding error may leave the cosine of two equal directions above 1.
      return SCALE * Math.min(Math.max(0, cosine(image, words)), 1);
    }
  }

  /** A picture in the common space, (P). */
  float[] image(TensorScope scope, Picture picture) {
    int size = preprocessing.cropSize();
    NativeTensor pixels =
        scope.floats(preprocessing.pixels(picture), 1, 3, size, size); // (1, 3, S, S)
    return part.run(scope, programs.image, part.own(), pixels, part.layers(0)).get(0).toFloats();
  }

  /** A text in the common space, (P). */
  float[] text(TensorScope scope, String prompt) {
    NativeTensor pooled = text.pooled(scope, tokenizer.encode(List.of(prompt)).ids()); // (1, Dt)
    return part.run(scope, programs.text, part.own(), pooled).get(0).toFloats();
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      squaresA += (double) a[i] * a[i];
      squaresB += (double) b[i] * b[i];
    }
    return product / Math.sqrt(squaresA * squaresB);
  }

  @Override
  public void close() {
    try (tokenizer;
        text) {
      part.close();
    }
  }
}
