package io.fluxspark.pipeline;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.request.Bucket;
import io.fluxspark.request.StepRange;
import io.fluxspark.request.Task;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PictureDecoderTest {
  private static final Bucket SMALL =
      new Bucket(16, 16, 1, 64, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);
  private static final Bucket LARGE =
      new Bucket(32, 32, 1, 64, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);

  private final TensorScope scope = new TensorScope(Device.cpu());
  private final NativeTensor latent = scope.floats(new float[1], 1);
  private final List<String> tried = new ArrayList<>();

  @AfterEach
  void close() {
    scope.close();
  }

  @Test
  void aPictureThatFitsIsDecodedAsAWhole() {
    PictureDecoder decoder = new PictureDecoder(way("whole"), way("strips"));
    assertThat(decoder.decode(scope, latent, SMALL)).isSameAs(latent);
    assertThat(tried).containsExactly("whole");
  }

  @Test
  void oneThatDoesNotIsDecodedInStripsAndSoIsItsBucketFromThenOn() {
    PictureDecoder decoder =
        new PictureDecoder(failing("whole", ErrorCode.OUT_OF_MEMORY), way("strips"));
    assertThat(decoder.decode(scope, latent, LARGE)).isSameAs(latent);
    assertThat(tried).containsExactly("whole", "strips");
    decoder.decode(scope, latent, LARGE);
    assertThat(tried).containsExactly("whole", "strips", "strips");
    decoder.decode(scope, latent, SMALL);
    assertThat(tried).as("another bucket").endsWith("whole", "strips").hasSize(5);
  }

  @Test
  void otherFailuresAreThrown() {
    PictureDecoder decoder =
        new PictureDecoder(failing("whole", ErrorCode.DEVICE_ERROR), way("strips"));
    assertRefused(ErrorCode.DEVICE_ERROR, () -> decoder.decode(scope, latent, SMALL));
    assertThat(tried).containsExactly("whole");
  }

  @Test
  void stripsThatDoNotFitEitherAreTooMuch() {
    PictureDecoder decoder =
        new PictureDecoder(
            failing("whole", ErrorCode.OUT_OF_MEMORY), failing("strips", ErrorCode.OUT_OF_MEMORY));
    assertRefused(ErrorCode.OUT_OF_MEMORY, () -> decoder.decode(scope, latent, SMALL));
  }

  private PictureDecoder.Way way(String name) {
    return (owner, x) -> {
      tried.add(name);
      return x;
    };
  }

  private PictureDecoder.Way failing(String name, ErrorCode code) {
    return (owner, x) -> {
      tried.add(name);
      throw new FluxSparkException(code, "a failure for a test");
    };
  }
}
