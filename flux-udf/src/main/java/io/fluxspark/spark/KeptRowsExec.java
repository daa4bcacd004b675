package io.fluxspark.spark;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.UnaryExecNode;
import org.apache.spark.storage.StorageLevel;
import scala.Function1;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;
import scala.reflect.ClassTag;

/**
 * Keeps the rows below on the executors' disks as long as the query is there. Spark reads what it
 * sorts twice, the first time for a sample of the keys; pictures would be made twice.
 *
 * <p>Public, as its constructor is, for Spark's reflection alone.
 */
public final class KeptRowsExec extends SparkPlan implements UnaryExecNode {
  private static final long serialVersionUID = 1L;
  private static final ClassTag<InternalRow> ROW = ClassTag.apply(InternalRow.class);

  private final SparkPlan child;

  /** Keeps the rows of one plan. */
  public KeptRowsExec(SparkPlan child) {
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
    return child.output();
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
    // Operators use one object for all of their rows, which a block would hold as the same row
    // again and again. Spark gives the blocks up when nothing refers to the rows any more.
    return child
        .execute()
        .map((Function1<InternalRow, InternalRow> & Serializable) InternalRow::copy, ROW)
        .persist(StorageLevel.DISK_ONLY());
  }

  @Override
  public SparkPlan withNewChildInternal(SparkPlan newChild) {
    return new KeptRowsExec(newChild);
  }

  @Override
  public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> newChildren) {
    return withNewChildInternal(newChildren.head());
  }

  @Override
  public int productArity() {
    return 1;
  }

  @Override
  public Object productElement(int position) {
    return child;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof KeptRowsExec;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KeptRowsExec kept && child.equals(kept.child);
  }

  @Override
  public int hashCode() {
    return child.hashCode() + 1;
  }
}
