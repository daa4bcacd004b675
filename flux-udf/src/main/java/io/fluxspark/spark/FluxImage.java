package io.fluxspark.spark;

import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Unevaluable;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.DataType;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * A call of {@code flux_image} in a query that is being analyzed. {@link FluxImageResolution} puts
 * {@link FluxImages} in its place before the optimizer sees it, so that it is never evaluated.
 *
 * <p>Public, as its constructor is, for Spark's reflection alone.
 */
public final class FluxImage extends Expression implements Unevaluable {
  private static final long serialVersionUID = 1L;

  private final Seq<Expression> children;
  private final Seq<String> names;

  /**
   * A call.
   *
   * @param children the values
   * @param names what they are: columns of a request, options of a call, {@link ImageCall#OPTIONS}
   */
  public FluxImage(Seq<Expression> children, Seq<String> names) {
    this.children = children;
    this.names = names;
  }

  @Override
  public Seq<Expression> children() {
    return children;
  }

  List<Expression> values() {
    return Scala.list(children);
  }

  List<String> names() {
    return Scala.list(names);
  }

  /** Whether two calls with this one's values give the same. */
  boolean isSame(FluxImage other) {
    return equals(other) || (names.equals(other.names) && areSame(values(), other.values()));
  }

  /** Whether expressions have the same value in every row. */
  static boolean areSame(List<Expression> some, List<Expression> others) {
    if (some.size() != others.size()) {
      return false;
    }
    for (int i = 0; i < some.size(); i++) {
      if (!some.get(i).deterministic()
          || !some.get(i).canonicalized().equals(others.get(i).canonicalized())) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean nullable() {
    return false;
  }

  @Override
  public DataType dataType() {
    return ImageResult.SCHEMA;
  }

  /** Nothing may evaluate it twice, or another number of times than rows are there. */
  @Override
  public boolean deterministic() {
    return false;
  }

  @Override
  public String prettyName() {
    return FluxSparkFunctions.NAME;
  }

  @Override
  public Object eval(InternalRow row) {
    throw new IllegalStateException("flux_image was not planned");
  }

  @Override
  public ExprCode doGenCode(CodegenContext context, ExprCode code) {
    throw new IllegalStateException("flux_image was not planned");
  }

  @Override
  public Expression withNewChildrenInternal(IndexedSeq<Expression> newChildren) {
    return new FluxImage(newChildren, names);
  }

  @Override
  public int productArity() {
    return 2;
  }

  @Override
  public Object productElement(int position) {
    return position == 0 ? children : names;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof FluxImage;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FluxImage call
        && children.equals(call.children)
        && names.equals(call.names);
  }

  @Override
  public int hashCode() {
    return 31 * children.hashCode() + names.hashCode();
  }
}
