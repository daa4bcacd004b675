package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BatchesTest {
  @Test
  void groupsNeighboursOfOneBucket() {
    Batches<Integer> batches =
        new Batches<>(List.of(1, 1, 1, 2, 1).iterator(), BatchesTest::bucket, 2);
    assertThat(batches)
        .toIterable()
        .containsExactly(List.of(1, 1), List.of(1), List.of(2), List.of(1));
    assertThatThrownBy(batches::next).isInstanceOf(NoSuchElementException.class);
  }

  @Test
  void readsNoFurtherThanTheBatchNeeds() {
    AtomicInteger read = new AtomicInteger();
    Iterator<Integer> endless =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return true;
          }

          @Override
          public Integer next() {
            return read.getAndIncrement() / 3;
          }
        };
    Batches<Integer> batches = new Batches<>(endless, BatchesTest::bucket, 2);
    assertThat(batches.next()).containsExactly(0, 0);
    assertThat(read).hasValue(2);
    assertThat(batches.next()).containsExactly(0);
    assertThat(read).as("one more, to see that its bucket is another").hasValue(4);
    assertThat(batches.next()).containsExactly(1, 1);
    assertThat(read).hasValue(5);
  }

  @Property(tries = 200)
  void losesAndReordersNothing(
      @ForAll List<@IntRange(min = 0, max = 2) Integer> elements,
      @ForAll @IntRange(min = 1, max = 5) int size) {
    List<Integer> seen = new ArrayList<>();
    new Batches<>(elements.iterator(), BatchesTest::bucket, size)
        .forEachRemaining(
            batch -> {
              assertThat(batch).hasSizeBetween(1, size);
              assertThat(batch.stream().distinct()).hasSize(1);
              seen.addAll(batch);
            });
    assertThat(seen).isEqualTo(elements);
  }

  @Test
  void aSizeOfNothingIsRefused() {
    assertThatThrownBy(() -> new Batches<>(List.<Integer>of().iterator(), BatchesTest::bucket, 0))
        .hasMessageContaining("at least 1");
  }

  private static Bucket bucket(int number) {
    return new Bucket(
        16, 16 * (number + 1), 1, 512, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);
  }
}
