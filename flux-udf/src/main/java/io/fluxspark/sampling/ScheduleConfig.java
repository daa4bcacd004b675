package io.fluxspark.sampling;

import static io.fluxspark.weights.ConfigFile.checkAtLeast;
import static io.fluxspark.weights.ConfigFile.checkPositive;

import io.fluxspark.weights.ConfigFile;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The settings of the schedule, named as in diffusers' {@code FlowMatchEulerDiscreteScheduler}.
 *
 * @param numTrainTimesteps timesteps are sigmas times this
 * @param shift the fixed shift of the sigmas, where shifting is not dynamic
 * @param useDynamicShifting whether the shift depends on the number of image tokens
 * @param baseShift the dynamic shift at {@code baseImageSeqLen} tokens
 * @param maxShift the dynamic shift at {@code maxImageSeqLen} tokens; between and beyond it is
 *     linear
 * @param shiftTerminal what the last sigma is stretched to, where there is one
 * @param timeShiftType {@code exponential} or {@code linear}
 */
public record ScheduleConfig(
    int numTrainTimesteps,
    double shift,
    boolean useDynamicShifting,
    double baseShift,
    double maxShift,
    int baseImageSeqLen,
    int maxImageSeqLen,
    OptionalDouble shiftTerminal,
    String timeShiftType) {
  private static final List<String> UNSUPPORTED =
      List.of(
          "use_karras_sigmas",
          "use_exponential_sigmas",
          "use_beta_sigmas",
          "stochastic_sampling",
          "invert_sigmas");
  private static final List<String> TIME_SHIFT_TYPES = List.of("exponential", "linear");

  /** That of FLUX.1-dev and of the models made from it, as it is published. */
  public static ScheduleConfig dev() {
    return new ScheduleConfig(
        1000, 3, true, 0.5, 1.15, 256, 4096, OptionalDouble.empty(), "exponential");
  }

  /** That of FLUX.1-schnell, as it is published. */
  public static ScheduleConfig schnell() {
    return new ScheduleConfig(
        1000, 1, false, 0.5, 1.15, 256, 4096, OptionalDouble.empty(), "exponential");
  }

  public ScheduleConfig {
    checkAtLeast(1, "num_train_timesteps", numTrainTimesteps);
    checkPositive("shift", shift);
    checkFinite("base_shift", baseShift);
    checkFinite("max_shift", maxShift);
    checkAtLeast(1, "base_image_seq_len", baseImageSeqLen);
    if (maxImageSeqLen <= baseImageSeqLen) {
      throw new IllegalArgumentException(
          "key 'max_image_seq_len' is "
              + maxImageSeqLen
              + "; more than base_image_seq_len, "
              + baseImageSeqLen
              + ", is wanted");
    }
    shiftTerminal.ifPresent(
        sigma -> {
          if (!(sigma > 0 && sigma < 1)) {
            throw new IllegalArgumentException(
                "key 'shift_terminal' is " + sigma + "; a number between 0 and 1 is wanted");
          }
        });
    if (!TIME_SHIFT_TYPES.contains(timeShiftType)) {
      throw new IllegalArgumentException(
          "key 'time_shift_type' is "
              + timeShiftType
              + "; "
              + String.join(" or ", TIME_SHIFT_TYPES)
              + " is wanted");
    }
  }

  private static void checkFinite(String key, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          "key '" + key + "' is " + value + "; a finite number is wanted");
    }
  }

  /**
   * Reads {@code FOLDER/scheduler_config.json}. What is missing is as in diffusers.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL}, naming file and key; also
   *     for a setting that is not supported
   */
  public static ScheduleConfig read(Path folder) {
    return ConfigFile.read(folder.resolve("scheduler_config.json"), ScheduleConfig::of);
  }

  private static ScheduleConfig of(ConfigFile config) {
    config.requireOneOf(
        "_class_name",
        config.requireString("_class_name"),
        List.of("FlowMatchEulerDiscreteScheduler"));
    for (String key : UNSUPPORTED) {
      if (config.optionalBoolean(key, false)) {
        throw config.invalid(key, "is true, which is not supported; false is wanted");
      }
    }
    return new ScheduleConfig(
        config.optionalInt("num_train_timesteps", 1000),
        config.optionalDouble("shift", 1.0),
        config.optionalBoolean("use_dynamic_shifting", false),
        config.optionalDouble("base_shift", 0.5),
        config.optionalDouble("max_shift", 1.15),
        config.optionalInt("base_image_seq_len", 256),
        config.optionalInt("max_image_seq_len", 4096),
        config.optionalDouble("shift_terminal"),
        config.optionalString("time_shift_type", "exponential"));
  }
}
