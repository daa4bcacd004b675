package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkThrowable;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.Trigger;
import org.jline.utils.Signals;

/**
 * Makes the pictures of prompts as they arrive: {@link GenerateJob} for each batch of a stream. A
 * batch that ended before its end is taken again, and what it has committed is known by its keys.
 *
 * @param trigger when to look
 * @param checkpoint where Spark keeps what was taken; the output's own folder where it is not given
 */
record WatchJob(
    Environment environment,
    GenerateOptions options,
    Trigger trigger,
    Optional<String> checkpoint) {
  private static final String AVAILABLE_NOW = "available-now";
  private static final long LOOK_MILLIS = 500;
  private static final int DIGITS = 12;

  /** What Spark calls a failure of ours, in a batch; any other is the stream's. */
  private static final String BATCH = "FOREACH_BATCH_USER_FUNCTION_ERROR";

  /**
   * When to look, as an option has it.
   *
   * @throws FluxSparkException {@code INVALID_OPTION}
   */
  static Trigger trigger(String name) {
    if (name.equals(AVAILABLE_NOW)) {
      return Trigger.AvailableNow();
    }
    try {
      return Trigger.ProcessingTime(name);
    } catch (RuntimeException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--watch: '"
              + name
              + "'; "
              + AVAILABLE_NOW
              + " or an interval such as '30 seconds' is needed",
          e);
    }
  }

  /**
   * Watches until all that is there was taken, or until a signal.
   *
   * @return the exit code: the largest of any batch
   * @throws FluxSparkException when the request was wrong, or something failed
   */
  int run() {
    Planning.model(environment, options);
    SparkSession spark = environment.spark().get();
    PromptStream prompts = PromptStream.open(spark, options.prompts(), options.promptsFormat());
    String progress = checkpoint.orElseGet(() -> ownCheckpoint(Output.open(spark, options)));
    AtomicInteger code = new AtomicInteger();
    try (Stop stop = new Stop()) {
      VoidFunction2<Dataset<Row>, Long> make =
          (batch, number) -> code.accumulateAndGet(make(prompts.arrived(batch), stop), Math::max);
      StreamingQuery query =
          prompts.stream()
              .writeStream()
              .trigger(trigger)
              .option("checkpointLocation", progress)
              .foreachBatch(make)
              .start();
      stop.await(query);
      return code.get();
    } catch (StreamingQueryException e) {
      return ended(e, code.get(), options.prompts());
    } catch (TimeoutException e) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT, "--watch: Spark could not begin: " + e.getMessage(), e);
    }
  }

  private static int ended(StreamingQueryException e, int code, String prompts) {
    boolean isOfBatch = false;
    boolean isOfStorage = false;
    Throwable root = e;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof NotTaken left) {
        return Math.max(code, left.code);
      }
      if (cause instanceof FluxSparkException known) {
        throw known;
      }
      isOfBatch |= cause instanceof SparkThrowable spark && BATCH.equals(spark.getCondition());
      isOfStorage |= cause instanceof IOException;
      root = cause;
    }
    if (isOfBatch) {
      throw new IllegalStateException(e);
    }
    throw new FluxSparkException(
        isOfStorage ? ErrorCode.INPUT_OUTPUT : ErrorCode.INVALID_TABLE,
        "--prompts "
            + prompts
            + ": cannot be watched: "
            + String.valueOf(root.getMessage()).lines().findFirst().orElse(""),
        e);
  }

  /** Several places of prompts may feed one output. */
  private String ownCheckpoint(Output output) {
    String name = "checkpoint-" + DigestUtils.sha256Hex(options.prompts()).substring(0, DIGITS);
    return output
        .ownFolder()
        .map(folder -> new Path(folder, name).toString())
        .orElseThrow(
            () ->
                new FluxSparkException(
                    ErrorCode.INVALID_OPTION,
                    "--output "
                        + options.output()
                        + ": is a name; --watch needs --checkpoint FOLDER with it"));
  }

  private int make(Optional<PromptTable> arrived, Stop stop) {
    if (stop.isAsked()) {
      throw new NotTaken(0);
    }
    if (arrived.isEmpty()) {
      return 0;
    }
    GenerateJob.Result result = new GenerateJob(environment, options).run(spark -> arrived.get());
    if (!result.isWhole()) {
      throw new NotTaken(result.code());
    }
    return result.code();
  }

  /** Ends the stream without an error; to return would say that the batch is done. */
  private static final class NotTaken extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int code;

    private NotTaken(int code) {
      super("the batch is left to the next start");
      this.code = code;
    }
  }

  /** A signal while no picture is being made; while one is, {@link Interruption} has them. */
  private static final class Stop implements AutoCloseable {
    private final AtomicBoolean asked = new AtomicBoolean();
    private final Map<String, Object> before = new HashMap<>();

    private Stop() {
      Interruption.SIGNALS.forEach(
          signal -> before.put(signal, Signals.register(signal, () -> asked.set(true))));
    }

    private boolean isAsked() {
      return asked.get();
    }

    private void await(StreamingQuery query) throws StreamingQueryException, TimeoutException {
      while (!query.awaitTermination(LOOK_MILLIS)) {
        if (isAsked()) {
          query.stop();
        }
      }
    }

    @Override
    public void close() {
      before.forEach(Signals::unregister);
    }
  }
}
