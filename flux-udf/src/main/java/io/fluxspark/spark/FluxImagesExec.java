package io.fluxspark.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.UnaryExecNode;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.runtime.AbstractFunction2;

/**
 * Makes the pictures of {@link FluxImages}, a partition in a task.
 *
 * <p>Public, as its constructor is, for Spark's reflection alone.
 */
public final class FluxImagesExec extends SparkPlan implements UnaryExecNode {
  private static final long serialVersionUID = 1L;

  private final Seq<Expression> inputs;
  private final ImageCall call;
  private final Attribute image;
  private final SparkPlan child;

  /** As {@link FluxImages}. */
  public FluxImagesExec(Seq<Expression> inputs, ImageCall call, Attribute image, SparkPlan child) {
    this.inputs = inputs;
    this.call = call;
    this.image = image;
    this.child = child;
  }

  @Override
  public SparkPlan child() {
    return child;
  }

  @Override
  public Seq<SparkPlan> children() {
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

  @Override
  public Partitioning outputPartitioning() {
    return child.outputPartitioning();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public RDD<InternalRow> doExecute() {
    return child
        .execute()
        .mapPartitionsWithIndex(
            new Partition(inputs, child.output(), call), false, ClassTag.apply(InternalRow.class));
  }

  /** What a task does. */
  private static final class Partition
      extends AbstractFunction2<
          Object, scala.collection.Iterator<InternalRow>, scala.collection.Iterator<InternalRow>>
      implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Seq<Expression> inputs;
    private final Seq<Attribute> columns;
    private final ImageCall call;

    private Partition(Seq<Expression> inputs, Seq<Attribute> columns, ImageCall call) {
      this.inputs = inputs;
      this.columns = columns;
      this.call = call;
    }

    @Override
    public scala.collection.Iterator<InternalRow> apply(
        Object partition, scala.collection.Iterator<InternalRow> rows) {
      UnsafeProjection values = UnsafeProjection.create(inputs, columns);
      values.initialize((Integer) partition);
      Function1<Object, Object> toRow =
          CatalystTypeConverters.createToScalaConverter(inputSchema());
      Function1<Object, Object> toCatalyst =
          CatalystTypeConverters.createToCatalystConverter(ImageResult.SCHEMA);
      UnsafeProjection output = UnsafeProjection.create(outputTypes());
      Iterator<InternalRow> kept = CollectionConverters.asJava(rows.map(InternalRow::copy));
      RowImages<InternalRow> images =
          new RowImages<>(
              kept,
              row -> call.read((Row) toRow.apply(values.apply(row))),
              call.job(),
              TaskContext.get());
      JoinedRow joined = new JoinedRow();
      return CollectionConverters.asScala(images)
          .map(
              done -> {
                Row result = ImageResult.of(done.outcome(), call.job());
                InternalRow column =
                    InternalRow.fromSeq(Scala.seq(List.of(toCatalyst.apply(result))));
                return output.apply(joined.apply(done.row(), column));
              });
    }

    private StructType inputSchema() {
      StructType schema = new StructType();
      List<Expression> all = Scala.list(inputs);
      for (int i = 0; i < all.size(); i++) {
        schema = schema.add("input" + i, all.get(i).dataType());
      }
      return schema;
    }

    private DataType[] outputTypes() {
      List<DataType> types = new ArrayList<>();
      Scala.list(columns).forEach(column -> types.add(column.dataType()));
      types.add(ImageResult.SCHEMA);
      return types.toArray(DataType[]::new);
    }
  }

  @Override
  public SparkPlan withNewChildInternal(SparkPlan newChild) {
    return new FluxImagesExec(inputs, call, image, newChild);
  }

  @Override
  public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> newChildren) {
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
    return other instanceof FluxImagesExec;
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof FluxImagesExec images
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
