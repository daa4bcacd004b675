package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.request.Bucket;
import io.fluxspark.request.StepRange;
import io.fluxspark.request.Task;
import org.junit.jupiter.api.Test;

class BatchSizesTest {
  private static final Bucket SMALL =
      new Bucket(16, 16, 1, 64, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);
  private static final Bucket LARGE =
      new Bucket(32, 32, 1, 64, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);

  private final BatchSizes sizes = new BatchSizes();

  @Test
  void halvesWhatWasTooManyAndNeverGrows() {
    assertThat(sizes.most(SMALL)).isEqualTo(Integer.MAX_VALUE);
    sizes.tooMany(SMALL, 8);
    assertThat(sizes.most(SMALL)).isEqualTo(4);
    sizes.tooMany(SMALL, 3);
    assertThat(sizes.most(SMALL)).isEqualTo(1);
    sizes.tooMany(SMALL, 1);
    assertThat(sizes.most(SMALL)).isEqualTo(1);
    sizes.tooMany(SMALL, 8);
    assertThat(sizes.most(SMALL)).as("a task that was behind").isEqualTo(1);
  }

  @Test
  void eachBucketHasItsOwn() {
    sizes.tooMany(LARGE, 2);
    assertThat(sizes.most(LARGE)).isEqualTo(1);
    assertThat(sizes.most(SMALL)).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void knowsWhetherAnythingWasMade() {
    assertThat(sizes.hasMade()).isFalse();
    sizes.made();
    assertThat(sizes.hasMade()).isTrue();
  }
}
