package io.fluxspark.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.execution.SparkStrategy;

/** Teaches Spark's planner to make pictures. */
final class FluxSparkPlanning {
  private FluxSparkPlanning() {}

  /** For a session that is being built. */
  static void install(SparkSessionExtensions extensions) {
    extensions.injectFunction(FluxSparkFunctions.fluxImage());
    extensions.injectPostHocResolutionRule(FluxImageResolution::new);
    extensions.injectOptimizerRule(spark -> new FluxImagesOptimization());
    extensions.injectPlannerStrategy(spark -> new FluxImagesStrategy());
  }

  /**
   * For a session that may have been built without the extension; a second time changes nothing.
   */
  static void install(SparkSession spark) {
    ExperimentalMethods methods = spark.experimental();
    synchronized (methods) {
      List<SparkStrategy> strategies = Scala.list(methods.extraStrategies());
      if (strategies.stream().noneMatch(FluxImagesStrategy.class::isInstance)) {
        List<SparkStrategy> more = new ArrayList<>(strategies);
        more.add(new FluxImagesStrategy());
        methods.extraStrategies_$eq(Scala.seq(more));
        List<Rule<LogicalPlan>> rules = new ArrayList<>(Scala.list(methods.extraOptimizations()));
        rules.add(new FluxImagesOptimization());
        methods.extraOptimizations_$eq(Scala.seq(rules));
      }
    }
  }
}
