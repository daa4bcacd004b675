package io.fluxspark.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.rules.Rule;

/**
 * Makes fewer pictures where the query needs fewer: filters on other columns and limits go below
 * {@link FluxImages}, and one whose column nobody reads is left out.
 */
final class FluxImagesOptimization extends Rule<LogicalPlan> {
  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return plan.exists(FluxImages.class::isInstance) ? rewrite(plan) : plan;
  }

  private LogicalPlan rewrite(LogicalPlan plan) {
    LogicalPlan below = plan.mapChildren(this::rewrite);
    if (below instanceof Filter filter && filter.child() instanceof FluxImages images) {
      return filtered(filter, images);
    }
    if (below instanceof LocalLimit limit) {
      return limited(limit);
    }
    if (below instanceof Project project
        && project.child() instanceof FluxImages images
        && !project.references().contains(images.image())) {
      return new Project(project.projectList(), images.child());
    }
    return below;
  }

  private static LogicalPlan filtered(Filter filter, FluxImages images) {
    List<Expression> before = new ArrayList<>();
    List<Expression> after = new ArrayList<>();
    conjuncts(filter.condition())
        .forEach(
            condition -> {
              boolean isOfRows =
                  condition.deterministic()
                      && condition.references().subsetOf(images.child().outputSet());
              (isOfRows ? before : after).add(condition);
            });
    // Numbers drawn at random for prompts are others when fewer rows are there.
    if (before.isEmpty() || !images.hasFixedInputs()) {
      return filter;
    }
    LogicalPlan fewer = images.withNewChildInternal(filter(before, images.child()));
    return after.isEmpty() ? fewer : filter(after, fewer);
  }

  private static Stream<Expression> conjuncts(Expression condition) {
    return condition instanceof And and
        ? Stream.concat(conjuncts(and.left()), conjuncts(and.right()))
        : Stream.of(condition);
  }

  private static Filter filter(List<Expression> conditions, LogicalPlan child) {
    return new Filter(conditions.stream().reduce(And::new).orElseThrow(), child);
  }

  /** Only of each partition: a limit of all rows would bring them into one task. */
  private static LogicalPlan limited(LocalLimit limit) {
    if (limit.child() instanceof FluxImages images) {
      return new LocalLimit(limit.limitExpr(), limited(limit, images));
    }
    if (limit.child() instanceof Project project && project.child() instanceof FluxImages images) {
      return new LocalLimit(
          limit.limitExpr(), new Project(project.projectList(), limited(limit, images)));
    }
    return limit;
  }

  private static LogicalPlan limited(LocalLimit limit, FluxImages images) {
    LogicalPlan rows = images.child();
    boolean isFew =
        rows.maxRowsPerPartition().isDefined()
            && rows.maxRowsPerPartition().get() instanceof Long most
            && limit.limitExpr().foldable()
            && most <= ((Number) limit.limitExpr().eval(null)).longValue();
    return isFew ? images : images.withNewChildInternal(new LocalLimit(limit.limitExpr(), rows));
  }
}
