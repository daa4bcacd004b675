package io.fluxspark.spark;

import java.util.List;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;

/** Plans {@link FluxImages} as {@link FluxImagesExec}. */
final class FluxImagesStrategy extends SparkStrategy {
  @Override
  public Seq<SparkPlan> apply(LogicalPlan plan) {
    return Scala.seq(
        plan instanceof FluxImages images
            ? List.of(
                new FluxImagesExec(
                    images.inputs(), images.call(), images.image(), planLater(images.child())))
            : List.of());
  }
}
