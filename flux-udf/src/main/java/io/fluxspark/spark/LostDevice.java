package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends an executor whose device is lost, so that Spark starts another one, with a new CUDA context.
 * Left running, it would be the fastest executor of all, and fail every task that it is given.
 */
final class LostDevice {
  /**
   * The executor's exit code, that of sysexits.h for "try again later"; it means nothing else to
   * Spark, which counts one failure for each task that ran there.
   */
  static final int EXIT_CODE = 75;

  /** What Spark calls the process that has the driver in it. */
  private static final String DRIVER = "driver";

  private static final Logger LOG = LoggerFactory.getLogger(LostDevice.class);

  private LostDevice() {}

  /**
   * Does work of a task, and does not return where the device is lost and this process is an
   * executor of its own.
   *
   * @throws FluxSparkException what the work throws; also {@code DEVICE_LOST} where driver and
   *     executor are one process, which nobody would start again
   */
  static <T> T watch(Supplier<T> work) {
    try {
      return work.get();
    } catch (FluxSparkException e) {
      if (e.code() == ErrorCode.DEVICE_LOST && !SparkEnv.get().executorId().equals(DRIVER)) {
        LOG.error("executor {} ends: {}", SparkEnv.get().executorId(), e.getMessage());
        // No shutdown hooks: they would close models on the device, which may never return.
        Runtime.getRuntime().halt(EXIT_CODE);
      }
      throw e;
    }
  }
}
