package io.fluxspark.benchmarks;

import java.util.Random;

/**
 * What a cluster's parts take, in seconds of a GPU of the usual speed, unless something else is
 * said.
 */
record ClusterModel(
    Picture picture, Task task, Portion portion, Run run, Gpus gpus, Losses losses) {

  /**
   * A picture's stages.
   *
   * @param stepSeconds one call of FLUX.1-dev's transformer at 1024 x 1024
   * @param encodeSecondsPerMegapixel of one of the two threads that write picture files
   */
  record Picture(
      double stepSeconds,
      double textSeconds,
      double decodeSecondsPerMegapixel,
      double encodeSecondsPerMegapixel,
      double bytesPerPixel) {
    Picture {
      requireAboveZero("step_seconds", stepSeconds);
      require("text_seconds", textSeconds);
      require("decode_seconds_per_megapixel", decodeSecondsPerMegapixel);
      require("encode_seconds_per_megapixel", encodeSecondsPerMegapixel);
      require("bytes_per_pixel", bytesPerPixel);
    }
  }

  /**
   * A task's costs beside its pictures.
   *
   * @param driverSeconds of the driver's one scheduling thread
   * @param uploadBytesPerSecond for what is left of its file when the last picture is made
   */
  record Task(
      double driverSeconds,
      double startSeconds,
      double commitSeconds,
      double uploadBytesPerSecond) {
    Task {
      require("driver_seconds", driverSeconds);
      require("start_seconds", startSeconds);
      require("commit_seconds", commitSeconds);
      requireAboveZero("upload_bytes_per_second", uploadBytesPerSecond);
    }
  }

  /** A portion's costs, on the driver. */
  record Portion(double startSeconds, double commitSeconds, double commitSecondsPerFile) {
    Portion {
      require("start_seconds", startSeconds);
      require("commit_seconds", commitSeconds);
      require("commit_seconds_per_file", commitSecondsPerFile);
    }
  }

  /**
   * A run's costs.
   *
   * @param planningSecondsPerRow shared by all executors
   */
  record Run(
      double startSeconds,
      double planningSeconds,
      double planningSecondsPerRow,
      double modelLoadSeconds,
      double finishSeconds) {
    Run {
      require("start_seconds", startSeconds);
      require("planning_seconds", planningSeconds);
      require("planning_seconds_per_row", planningSecondsPerRow);
      require("model_load_seconds", modelLoadSeconds);
      require("finish_seconds", finishSeconds);
    }

    /** From the start until portions can begin. */
    double untilPlanned(long rows, int gpus) {
      return startSeconds + planningSeconds + planningSecondsPerRow * rows / gpus;
    }
  }

  /**
   * How GPUs differ.
   *
   * @param speedSpread standard deviation of what they take for the same, of the mean
   * @param slowShare of GPUs that take {@code slowFactor} times as long
   */
  record Gpus(double speedSpread, double slowShare, double slowFactor) {
    Gpus {
      require("speed_spread", speedSpread);
      require("slow_share", slowShare);
      if (speedSpread > 0.3 || slowShare > 1 || slowFactor < 1) {
        throw new IllegalArgumentException(
            "speed_spread of at most 0.3, slow_share of at most 1 and slow_factor of at least 1 are"
                + " needed");
      }
    }

    /** What each of some GPUs takes for what the usual one takes 1 for. */
    double[] slowness(int gpus, long seed) {
      Random random = new Random(seed);
      double[] slowness = new double[gpus];
      for (int i = 0; i < gpus; i++) {
        double spread = speedSpread * Math.max(-2, Math.min(2, random.nextGaussian()));
        slowness[i] = (1 + spread) * (random.nextDouble() < slowShare ? slowFactor : 1);
      }
      return slowness;
    }
  }

  /**
   * What is lost, and how long until it is back.
   *
   * @param executorsPerGpuHour executors that end with what they make
   * @param noticedSeconds until the driver gives the task to another one
   * @param replacedSeconds until another executor is there, without the model
   * @param recoverySeconds by which the next portion begins later
   * @param runsPerHour drivers that end, with all executors and all that is not committed
   */
  record Losses(
      double executorsPerGpuHour,
      double noticedSeconds,
      double replacedSeconds,
      double recoverySeconds,
      double runsPerHour,
      double restartSeconds) {
    Losses {
      require("executors_per_gpu_hour", executorsPerGpuHour);
      require("noticed_seconds", noticedSeconds);
      require("replaced_seconds", replacedSeconds);
      require("recovery_seconds", recoverySeconds);
      require("runs_per_hour", runsPerHour);
      require("restart_seconds", restartSeconds);
    }
  }

  private static void require(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + ": " + value + "; a number from 0 on is needed");
    }
  }

  private static void requireAboveZero(String name, double value) {
    require(name, value);
    if (value == 0) {
      throw new IllegalArgumentException(name + ": 0; a number above 0 is needed");
    }
  }
}
