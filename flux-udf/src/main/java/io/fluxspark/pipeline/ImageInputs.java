package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Luminance;
import io.fluxspark.image.Picture;
import io.fluxspark.image.Resampling;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.KontextSizes;
import io.fluxspark.request.Task;
import java.util.Optional;

/**
 * A request's pictures as the model is shown them: decoded, and in the model's sizes, with the
 * numbers of diffusers' {@code VaeImageProcessor}.
 *
 * @param image of the output's size, or of its own for a Kontext model
 * @param mask one byte a pixel of the output, 1 where the picture is made anew, else 0; null where
 *     there is none; not copied
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ImageInputs(Optional<Picture> image, byte[] mask) {
  private static final ImageInputs NONE = new ImageInputs(Optional.empty(), null);
  private static final int WHITE = 128;

  /** Of a request of text alone. */
  public static ImageInputs none() {
    return NONE;
  }

  /**
   * Brings pictures to the sizes that the request needs.
   *
   * @param image the request's {@code image}, or its {@code control_image}
   * @param maskImage of the size of {@code image}
   * @throws FluxSparkException {@code INVALID_ROW} where the sizes do not fit
   */
  public static ImageInputs of(
      GenerationRequest request, Picture image, Optional<Picture> maskImage) {
    if (request.inputs().task() == Task.KONTEXT) {
      return new ImageInputs(Optional.of(kontext(request, image)), null);
    }
    maskImage.ifPresent(mask -> requireSameSize(image, mask));
    return new ImageInputs(
        Optional.of(Resampling.lanczos(image, request.width(), request.height())),
        maskImage
            .map(mask -> binary(Resampling.lanczos(mask, request.width(), request.height())))
            .orElse(null));
  }

  private static Picture kontext(GenerationRequest request, Picture image) {
    KontextSizes.Size whole = KontextSizes.multiple(image.width(), image.height());
    if (whole.width() == 0 || whole.height() == 0) {
      throw invalid(
          "image: has " + image.width() + " x " + image.height() + " pixels; 16 x 16 are needed");
    }
    // diffusers looks at the shape after it has rounded down to multiples of 16
    KontextSizes.Size size =
        request.inputs().autoResize()
            ? KontextSizes.preferred(whole.width(), whole.height())
            : whole;
    return Resampling.lanczos(image, size.width(), size.height());
  }

  private static void requireSameSize(Picture image, Picture mask) {
    if (image.width() != mask.width() || image.height() != mask.height()) {
      throw invalid(
          "mask_image: has "
              + mask.width()
              + " x "
              + mask.height()
              + " pixels; the size of image, "
              + image.width()
              + " x "
              + image.height()
              + ", is needed");
    }
  }

  private static byte[] binary(Picture mask) {
    byte[] grey = Luminance.of(mask);
    for (int i = 0; i < grey.length; i++) {
      grey[i] = (byte) ((grey[i] & 255) >= WHITE ? 1 : 0);
    }
    return grey;
  }

  private static FluxSparkException invalid(String problem) {
    return new FluxSparkException(ErrorCode.INVALID_ROW, problem);
  }

  /** What pictures of one batch must have in common besides their bucket. */
  public String shape() {
    return image.map(picture -> picture.width() + "x" + picture.height()).orElse("");
  }
}
