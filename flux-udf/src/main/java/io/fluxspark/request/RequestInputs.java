package io.fluxspark.request;

import java.util.Objects;
import java.util.Optional;

/**
 * The pictures of a request, and what is done with them.
 *
 * @param image what is changed, or what a Kontext or Fill model is shown
 * @param maskImage white where the picture is made anew
 * @param controlImage edges or depths
 * @param strength of the noise on the picture, above 0 and at most 1; 1 for tasks without one
 * @param autoResize whether a Kontext model's picture is brought to one of the sizes that it was
 *     trained with
 */
public record RequestInputs(
    Task task,
    Optional<InputImage> image,
    Optional<InputImage> maskImage,
    Optional<InputImage> controlImage,
    double strength,
    boolean autoResize) {
  public RequestInputs {
    Objects.requireNonNull(task, "task");
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(maskImage, "maskImage");
    Objects.requireNonNull(controlImage, "controlImage");
    if (!(strength > 0 && strength <= 1)) {
      throw new IllegalArgumentException("strength " + strength + " is not above 0 and at most 1");
    }
  }

  /**
   * How many steps of the schedule are left out, as diffusers' {@code get_timesteps} has it.
   *
   * @param strength above 0 and at most 1
   * @param numInferenceSteps of the whole schedule
   */
  public static int firstStep(double strength, int numInferenceSteps) {
    return (int) (numInferenceSteps - Math.min(numInferenceSteps * strength, numInferenceSteps));
  }
}
