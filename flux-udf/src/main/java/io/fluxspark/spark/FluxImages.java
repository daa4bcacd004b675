package io.fluxspark.spark;

import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Statistics;
import org.apache.spark.sql.catalyst.plans.logical.SupportsNonDeterministicExpression;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import org.apache.spark.sql.types.Metadata;
import scala.Option;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;
import scala.math.BigInt;

/**
 * The rows below with one picture each, as one more column. The order of rows stays.
 *
 * <p>Public, as its constructor is, for Spark's reflection alone.
 */
public final class FluxImages extends LogicalPlan
    implements UnaryNode, SupportsNonDeterministicExpression {
  private static final long serialVersionUID = 1L;

  /** A prompt of a hundred bytes becomes a picture file of a megabyte. */
  private static final int BYTES_OF_ONE = 10_000;

  private final Seq<Expression> inputs;
  private final ImageCall call;
  private final Attribute image;
  private final LogicalPlan child;

  /**
   * Pictures of rows.
   *
   * @param inputs the values that rows bring to the call
   * @param image the column of {@link ImageResult#SCHEMA}
   */
  public FluxImages(Seq<Expression> inputs, ImageCall call, Attribute image, LogicalPlan child) {
    this.inputs = inputs;
    this.call = call;
    this.image = image;
    this.child = child;
  }

  /** The same with a column that is new. */
  static FluxImages of(List<Expression> inputs, ImageCall call, LogicalPlan child) {
    return new FluxImages(
        Scala.seq(inputs),
        call,
        new AttributeReference(
            FluxSparkFunctions.NAME,
            ImageResult.SCHEMA,
            false,
            Metadata.empty(),
            NamedExpression.newExprId(),
            Scala.seq(List.<String>of())),
        child);
  }

  Seq<Expression> inputs() {
    return inputs;
  }

  ImageCall call() {
    return call;
  }

  Attribute image() {
    return image;
  }

  /** Whether this column is what a call would make of the rows below. */
  boolean makes(ImageCall other, List<Expression> values) {
    return call.equals(other) && FluxImage.areSame(Scala.list(inputs), values);
  }

  boolean hasFixedInputs() {
    return Scala.list(inputs).stream().allMatch(Expression::deterministic);
  }

  @Override
  public LogicalPlan child() {
    return child;
  }

  @Override
  public Seq<LogicalPlan> children() {
    return Scala.seq(List.of(child));
  }

  @Override
  public Seq<Attribute> output() {
    return Scala.appended(child.output(), image);
  }

  @Override
  public AttributeSet producedAttributes() {
    return AttributeSet.apply(image);
  }

  /** What is used twice, such as a WITH, is made once and shared. */
  @Override
  public boolean deterministic() {
    return false;
  }

  /** Prompts may be drawn at random: inputs are evaluated once a row too. */
  @Override
  public boolean allowNonDeterministicExpression() {
    return true;
  }

  @Override
  public Option<Object> maxRows() {
    return child.maxRows();
  }

  @Override
  public Option<Object> maxRowsPerPartition() {
    return child.maxRowsPerPartition();
  }

  /** Spark sends tables to all executors that it takes for small; pictures are not. */
  @Override
  public Statistics stats() {
    Statistics rows = child.stats();
    return new Statistics(
        rows.sizeInBytes().$times(BigInt.apply(BYTES_OF_ONE)),
        rows.rowCount(),
        rows.attributeStats(),
        rows.isRuntime());
  }

  @Override
  public LogicalPlan withNewChildInternal(LogicalPlan newChild) {
    return new FluxImages(inputs, call, image, newChild);
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> newChildren) {
    return withNewChildInternal(newChildren.head());
  }

  @Override
  public int productArity() {
    return 4;
  }

  @Override
  public Object productElement(int position) {
    return switch (position) {
      case 0 -> inputs;
      case 1 -> call;
      case 2 -> image;
      default -> child;
    };
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof FluxImages;
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof FluxImages images
            && inputs.equals(images.inputs)
            && call.equals(images.call)
            && image.equals(images.image)
            && child.equals(images.child));
  }

  @Override
  public int hashCode() {
    return Objects.hash(inputs, call, image, child);
  }
}
