package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.RequestColumns;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ConditionalExpression;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.NamedLambdaVariable;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Generate;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.RepartitionByExpression;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.catalyst.plans.logical.Window;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StringType;
import scala.Option;
import scala.collection.immutable.Seq;

/**
 * Takes calls of {@code flux_image} out of expressions: an operator below the one in which a call
 * stands makes the pictures of the rows, {@link FluxImages}, and the call becomes its column. From
 * then on nothing can evaluate a call twice, or move it.
 *
 * <p>The same call of the same rows is one column, also in another operator above: {@code WHERE}
 * and {@code SELECT} share it.
 */
final class FluxImageResolution extends Rule<LogicalPlan> {
  private static final String INSTEAD = "; write it in the SELECT of a subquery, under a name";

  private final SparkSession spark;

  FluxImageResolution(SparkSession spark) {
    this.spark = spark;
  }

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    if (!plan.resolved() || !plan.exists(node -> !calls(node).isEmpty())) {
      return plan;
    }
    try {
      return rewrite(plan);
    } catch (FluxSparkException e) {
      throw FluxSqlException.thrown(e);
    }
  }

  private LogicalPlan rewrite(LogicalPlan plan) {
    LogicalPlan node = plan.mapChildren(this::rewrite);
    if (node instanceof Aggregate aggregate
        && Scala.list(aggregate.aggregateExpressions()).stream()
            .anyMatch(column -> isCallOfGroups(column, aggregate))) {
      return rewriteGroups(aggregate);
    }
    return rewriteNode(node);
  }

  /** Calls of what a group has are made of the groups, above. */
  private LogicalPlan rewriteGroups(Aggregate aggregate) {
    List<NamedExpression> below = new ArrayList<>();
    List<NamedExpression> above = new ArrayList<>();
    for (NamedExpression column : Scala.list(aggregate.aggregateExpressions())) {
      if (isCallOfGroups(column, aggregate)) {
        above.add((NamedExpression) ofGroups((Expression) column, aggregate, below));
      } else {
        below.add(column);
        above.add(column.toAttribute());
      }
    }
    LogicalPlan groups =
        rewriteNode(
            aggregate.copy(
                aggregate.groupingExpressions(),
                Scala.seq(below),
                aggregate.child(),
                aggregate.hint()));
    return rewriteNode(new Project(Scala.seq(above), groups));
  }

  /** An expression above a grouping; what the grouping gives it is added below. */
  private static Expression ofGroups(
      Expression expression, Aggregate aggregate, List<NamedExpression> below) {
    if (isOfGroup(expression, aggregate)) {
      if (expression instanceof Attribute attribute) {
        below.add(attribute);
        return attribute;
      }
      Alias value = alias(expression);
      below.add(value);
      return value.toAttribute();
    }
    return expression.mapChildren(child -> ofGroups(child, aggregate, below));
  }

  private static Alias alias(Expression expression) {
    return new Alias(
        expression,
        "of_group",
        NamedExpression.newExprId(),
        Scala.seq(List.<String>of()),
        Option.empty(),
        Scala.seq(List.<String>of()));
  }

  private static boolean isOfGroup(Expression expression, Aggregate aggregate) {
    return expression instanceof AggregateExpression
        || Scala.list(aggregate.groupingExpressions()).stream()
            .anyMatch(group -> isSame(group, expression));
  }

  private static boolean isSame(Expression one, Expression other) {
    return one.canonicalized().equals(other.canonicalized());
  }

  private static boolean isCallOfGroups(Object expression, Aggregate aggregate) {
    Expression tree = (Expression) expression;
    return !isOfGroup(tree, aggregate)
        && (tree instanceof FluxImage
            || Scala.list(tree.children()).stream()
                .anyMatch(child -> isCallOfGroups(child, aggregate)));
  }

  private LogicalPlan rewriteNode(LogicalPlan plan) {
    Seq<Attribute> output = plan.output();
    LogicalPlan node = plan;
    List<FluxImage> calls = calls(node);
    while (!calls.isEmpty()) {
      node = extract(node, calls.get(0));
      calls = calls(node);
    }
    return node == plan || node.output().equals(output)
        ? node
        : new Project(Scala.seq(Scala.list(output)), node);
  }

  /** The calls in a node's own expressions, those in other calls' arguments first. */
  private static List<FluxImage> calls(LogicalPlan node) {
    List<FluxImage> calls = new ArrayList<>();
    Scala.list(node.expressions()).forEach(expression -> addCalls(expression, calls));
    return calls;
  }

  private static void addCalls(Expression expression, List<FluxImage> calls) {
    Scala.list(expression.children()).forEach(child -> addCalls(child, calls));
    if (expression instanceof FluxImage call) {
      calls.add(call);
    }
  }

  private LogicalPlan extract(LogicalPlan node, FluxImage call) {
    requireEveryRow(node, call);
    List<LogicalPlan> children = new ArrayList<>(Scala.list(node.children()));
    int side = side(node, call);
    Pictures pictures = pictures(call, children.get(side));
    children.set(side, pictures.plan());
    return node.withNewChildren(Scala.seq(children))
        .mapExpressions(expression -> replaced(expression, call, pictures.image()));
  }

  private static Expression replaced(Expression expression, FluxImage call, Attribute image) {
    return expression instanceof FluxImage other && call.isSame(other)
        ? image
        : expression.mapChildren(child -> replaced(child, call, image));
  }

  /**
   * Rows with pictures.
   *
   * @param image the pictures' column
   */
  private record Pictures(LogicalPlan plan, Attribute image) {}

  private Pictures pictures(FluxImage call, LogicalPlan rows) {
    List<Expression> values = call.values();
    List<String> names = call.names();
    Map<String, Object> constants = new HashMap<>();
    List<String> inputNames = new ArrayList<>();
    List<Expression> inputs = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      Expression value = values.get(i);
      if (i == 0 || !value.foldable()) {
        requireType(names.get(i), value.dataType(), i);
        inputNames.add(i == 0 ? RequestColumns.PROMPT : inputName(names.get(i), inputNames));
        inputs.add(value);
      } else {
        putConstant(names.get(i), value, constants);
      }
    }
    ImageCall made = CallOptions.of(spark, constants).call(inputNames);
    Optional<Pictures> known = known(rows, made, inputs);
    if (known.isPresent()) {
      return known.get();
    }
    FluxImages images = FluxImages.of(inputs, made, rows);
    return new Pictures(images, images.image());
  }

  private static void requireType(String name, DataType type, int position) {
    boolean isRight =
        position == 0
            ? type instanceof StringType || type instanceof NullType
            : !name.equals(ImageCall.OPTIONS)
                || (type instanceof MapType map && map.keyType() instanceof StringType);
    if (!isRight) {
      throw invalid(
          position == 0
              ? "the prompt has type " + type.sql() + "; a text is needed"
              : "options have type " + type.sql() + "; map('height', 64, ...) is needed");
    }
  }

  private static String inputName(String name, List<String> others) {
    if (name.equals(ImageCall.OPTIONS)) {
      return name;
    }
    String option = CallOptions.known(name);
    if (CallOptions.OF_CALL.contains(option)) {
      throw invalid("option '" + option + "': holds for all rows; a constant is needed");
    }
    requireOnce(option, !others.contains(option));
    return option;
  }

  private static void requireOnce(String option, boolean isNew) {
    if (!isNew) {
      throw invalid("option '" + option + "': is given twice");
    }
  }

  private static void putConstant(String name, Expression value, Map<String, Object> constants) {
    Object given = CatalystTypeConverters.convertToScala(value.eval(null), value.dataType());
    if (!name.equals(ImageCall.OPTIONS)) {
      putConstant(name, given, constants);
    } else if (given instanceof scala.collection.Map<?, ?> map) {
      scala.jdk.javaapi.CollectionConverters.asJava(map)
          .forEach((key, option) -> putConstant(String.valueOf(key), option, constants));
    } else if (given != null) {
      requireType(name, value.dataType(), 1);
    }
  }

  private static void putConstant(String name, Object value, Map<String, Object> constants) {
    String option = CallOptions.known(name);
    requireOnce(option, !constants.containsKey(option));
    if (value != null) {
      constants.put(option, PlanRows.given(value));
    }
  }

  /** The same call below, where its column can be brought up to here. */
  private static Optional<Pictures> known(
      LogicalPlan plan, ImageCall call, List<Expression> inputs) {
    if (plan instanceof FluxImages images && images.makes(call, inputs)) {
      return Optional.of(new Pictures(images, images.image()));
    }
    boolean keepsRows =
        plan instanceof Project
            || plan instanceof Filter
            || plan instanceof Sort
            || plan instanceof SubqueryAlias
            || plan instanceof FluxImages;
    return keepsRows
        ? known(plan.children().head(), call, inputs).map(below -> broughtUp(plan, below))
        : Optional.empty();
  }

  private static Pictures broughtUp(LogicalPlan plan, Pictures below) {
    LogicalPlan above = plan.withNewChildren(Scala.seq(List.of(below.plan())));
    if (above instanceof Project project && !project.outputSet().contains(below.image())) {
      List<NamedExpression> columns = new ArrayList<>(Scala.list(project.projectList()));
      columns.add(below.image());
      above = new Project(Scala.seq(columns), below.plan());
    }
    return new Pictures(above, below.image());
  }

  /** Which of a node's children has the rows of a call. */
  private static int side(LogicalPlan node, FluxImage call) {
    List<LogicalPlan> children = Scala.list(node.children());
    for (int i = 0; i < children.size(); i++) {
      if (call.references().subsetOf(children.get(i).outputSet())) {
        return i;
      }
    }
    throw invalid("takes columns of both sides of a join" + INSTEAD + " that joins them first");
  }

  /** Refuses what would be made for other rows than a reader expects. */
  private static void requireEveryRow(LogicalPlan node, FluxImage call) {
    boolean isKnown =
        node instanceof Project
            || node instanceof Filter
            || node instanceof Aggregate
            || node instanceof Sort
            || node instanceof Join
            || node instanceof Window
            || node instanceof Generate
            || node instanceof RepartitionByExpression;
    if (!isKnown) {
      throw invalid("cannot stand in " + node.nodeName() + INSTEAD);
    }
    if (has(call, OuterReference.class::isInstance)) {
      throw invalid(
          "takes a column of the query around its subquery; join the two, and call it above");
    }
    if (has(call, NamedLambdaVariable.class::isInstance)) {
      throw invalid("takes an element of an array; explode the array first, and call it above");
    }
    if (Scala.list(node.expressions()).stream().anyMatch(tree -> isInBranch(tree, call))) {
      throw invalid(
          "stands in a branch of CASE, IF or COALESCE, and would be made for every row; call it in"
              + " a subquery with WHERE for the rows that need it");
    }
  }

  private static boolean has(Expression tree, Predicate<Expression> wanted) {
    return wanted.test(tree)
        || Scala.list(tree.children()).stream().anyMatch(child -> has(child, wanted));
  }

  /** Whether a call stands where some rows do not get to. */
  private static boolean isInBranch(Expression tree, FluxImage call) {
    if (tree instanceof ConditionalExpression condition) {
      List<Expression> always = Scala.list(condition.alwaysEvaluatedInputs());
      return Scala.list(tree.children()).stream()
          .anyMatch(
              child -> always.contains(child) ? isInBranch(child, call) : has(child, call::equals));
    }
    return Scala.list(tree.children()).stream().anyMatch(child -> isInBranch(child, call));
  }

  private static FluxSparkException invalid(String problem) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, problem);
  }
}
