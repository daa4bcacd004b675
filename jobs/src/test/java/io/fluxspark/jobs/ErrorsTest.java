package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;

class ErrorsTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Errors errors = new Errors(new PrintStream(err, true, StandardCharsets.UTF_8));

  @Test
  void whatATaskThrewIsFoundWhereSparkOnlyQuotesIt() {
    FluxSparkException thrown =
        new FluxSparkException(ErrorCode.DEVICE_ERROR, "the task was given cuda:0, but no CUDA");
    Exception failure =
        new IllegalStateException(
            new SparkException(
                "Job aborted due to stage failure:\nAborting TaskSet 1.0 because task 0 cannot run"
                    + " anywhere due to node or executor excludeOnFailure.\nMost recent failure:\nLost"
                    + " task 0.1 in stage 1.0 (TID 2) (host executor 1): "
                    + thrown
                    + "\n\tat io.fluxspark.program.Natives.engine(Natives.java:41)\n"));

    int code = errors.failed(failure, false);

    assertThat(code).isEqualTo(3);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "fluxspark: error: DEVICE_ERROR: the task was given cuda:0, but no CUDA"
                + System.lineSeparator());
  }

  @Test
  void anythingElseIsOurs() {
    int code = errors.failed(new IllegalStateException("no such thing"), false);

    assertThat(code).isEqualTo(3);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith("fluxspark: error: INTERNAL: java.lang.IllegalStateException: no such thing");
  }
}
