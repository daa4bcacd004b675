package io.fluxspark.spark;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;

/**
 * Makes the pictures of one partition.
 *
 * <p>Takes rows of {@link RequestTable#images} and gives rows of {@link Tables#images}, in the same
 * order, while it makes the next: memory does not grow with the partition. Neighbours of one bucket
 * are made in batches. The model comes from {@link ModelCache#shared}, for the GPU that Spark gave
 * the task, or the CPU when it gave none. A request that cannot be met goes to {@code failed}
 * instead of the result. A task that ends in any way waits until no thread uses the model. An
 * executor whose device is lost ends with exit code 75.
 *
 * @param made counts pictures
 * @param failed gathers requests that cannot be met; Spark takes each task's once when the result
 *     is written without a shuffle in between
 * @param textsEncoded counts texts that an executor did not know from batches before
 */
public record GenerateImages(
    GenerationJob job,
    LongAccumulator made,
    CollectionAccumulator<FailedImage> failed,
    LongAccumulator textsEncoded)
    implements MapPartitionsFunction<Row, Row> {

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    if (!rows.hasNext()) {
      return rows;
    }
    return new MadeRows(
        PartitionImages.of(planned(rows), job, textsEncoded::add, TaskContext.get()));
  }

  private static Iterator<PlannedImage> planned(Iterator<Row> rows) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public PlannedImage next() {
        return ImageRow.planned(rows.next());
      }
    };
  }

  /** The pictures that were made; those that failed are put aside on the way. */
  private final class MadeRows implements Iterator<Row> {
    private final Iterator<ImageOutcome> outcomes;
    private Row next;

    private MadeRows(Iterator<ImageOutcome> outcomes) {
      this.outcomes = outcomes;
    }

    @Override
    public boolean hasNext() {
      while (next == null && outcomes.hasNext()) {
        ImageOutcome outcome = outcomes.next();
        if (outcome instanceof ImageOutcome.Made image) {
          made.add(1);
          next = ImageRow.made(image, job);
        } else if (outcome instanceof ImageOutcome.Failed image) {
          failed.add(FailedImage.of(image.planned(), image.failure()));
        }
      }
      return next != null;
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Row row = next;
      next = null;
      return row;
    }
  }
}
