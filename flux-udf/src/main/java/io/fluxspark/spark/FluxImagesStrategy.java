package io.fluxspark.spark;

import java.util.List;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.execution.SortExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;

/**
 * Plans {@link FluxImages} as {@link FluxImagesExec}, and what sorts them so that it reads once.
 */
final class FluxImagesStrategy extends SparkStrategy {
  @Override
  public Seq<SparkPlan> apply(LogicalPlan plan) {
    return Scala.seq(planned(plan));
  }

  private List<SparkPlan> planned(LogicalPlan plan) {
    if (plan instanceof FluxImages images) {
      return List.of(
          new FluxImagesExec(
              images.inputs(), images.call(), images.image(), planLater(images.child())));
    }
    if (plan instanceof Sort sort
        && sort.global()
        && sort.child().exists(FluxImages.class::isInstance)) {
      return List.of(
          new SortExec(
              sort.order(),
              true,
              new KeptRowsExec(planLater(sort.child())),
              SortExec.apply$default$4()));
    }
    return List.of();
  }
}
