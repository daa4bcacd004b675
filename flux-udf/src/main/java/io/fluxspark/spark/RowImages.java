package io.fluxspark.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;

/**
 * One picture, or what is wrong, for each row of a partition, in the order of the rows. Rows of one
 * shape that are not far from each other are made in one batch. Rows are held until their pictures
 * are there: some batches of them, however many the partition has.
 *
 * @param <T> a row
 */
final class RowImages<T> implements Iterator<RowImages.Done<T>> {
  /** How far rows are looked ahead for those of one shape. */
  private static final int BATCHES_LOOKED_AHEAD = 8;

  private final Iterator<? extends T> rows;
  private final Function<? super T, RowRequest> read;
  private final GenerationJob job;
  private final TaskContext context;
  private final int window;

  /** Rows that are not given back yet, in their order. */
  private final Queue<Waiting<T>> waiting = new ArrayDeque<>();

  /** Valid rows in the order in which they are made: those to make, and those on the way. */
  private final Queue<Waiting<T>> toMake = new ArrayDeque<>();

  private final Queue<Waiting<T>> onTheWay = new ArrayDeque<>();
  private Iterator<ImageOutcome> outcomes;

  /**
   * @param rows are kept for a while: an iterator that uses one object for all is none
   * @param read what a row asks for
   */
  RowImages(
      Iterator<? extends T> rows,
      Function<? super T, RowRequest> read,
      GenerationJob job,
      TaskContext context) {
    this.rows = rows;
    this.read = read;
    this.job = job;
    this.context = context;
    this.window = BATCHES_LOOKED_AHEAD * job.batchSize();
  }

  /** A row and what became of it. */
  record Done<T>(T row, RowOutcome outcome) {}

  private static final class Waiting<T> {
    private final T row;
    private final RowRequest request;
    private RowOutcome outcome;

    private Waiting(T row, RowRequest request) {
      this.row = row;
      this.request = request;
    }
  }

  @Override
  public boolean hasNext() {
    return !waiting.isEmpty() || rows.hasNext();
  }

  @Override
  public Done<T> next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    if (waiting.isEmpty()) {
      lookAhead();
    }
    while (waiting.element().outcome == null) {
      // The model is taken when the first valid row needs it.
      if (outcomes == null) {
        outcomes = PartitionImages.of(new Planned(), job, encoded -> {}, context);
      }
      ImageOutcome outcome = outcomes.next();
      onTheWay.remove().outcome = RowOutcome.of(outcome);
    }
    Waiting<T> first = waiting.remove();
    return new Done<>(first.row, first.outcome);
  }

  /** Reads rows, and puts those of one shape side by side. */
  private void lookAhead() {
    Map<Object, List<Waiting<T>>> shapes = new LinkedHashMap<>();
    for (int i = 0; i < window && rows.hasNext(); i++) {
      T row = rows.next();
      Waiting<T> next = new Waiting<>(row, read.apply(row));
      waiting.add(next);
      if (next.request instanceof RowRequest.Valid valid) {
        shapes.computeIfAbsent(valid.image().bucket(), bucket -> new ArrayList<>()).add(next);
      } else if (next.request instanceof RowRequest.Invalid invalid) {
        next.outcome = new RowOutcome.Invalid(invalid.given(), invalid.failure());
      }
    }
    shapes.values().forEach(toMake::addAll);
  }

  /** What is made next. Has nothing for a while when too many rows wait for their turn. */
  private final class Planned implements Iterator<PlannedImage> {
    @Override
    public boolean hasNext() {
      if (toMake.isEmpty() && waiting.size() <= window && rows.hasNext()) {
        lookAhead();
      }
      return !toMake.isEmpty();
    }

    @Override
    public PlannedImage next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Waiting<T> next = toMake.remove();
      onTheWay.add(next);
      return new PlannedImage(((RowRequest.Valid) next.request).image(), Row.empty());
    }
  }
}
