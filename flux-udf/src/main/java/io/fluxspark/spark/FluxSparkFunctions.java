package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.CreateMap;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;

/** What is registered with Spark under a name. */
final class FluxSparkFunctions {
  static final String NAME = "flux_image";
  private static final String USAGE =
      "_FUNC_(prompt[, options]) - A picture of the prompt: a struct with the picture file, its"
          + " hash, the request as used, and error_code and error_message where there is no"
          + " picture. options is a map of the prompt table's columns (height, width, seed, ...)"
          + " and of model, dtype, batch_size and others.";
  private static final String EXAMPLES =
      """

          Examples:
            > SELECT _FUNC_('a red fox', map('seed', 7)).image.bytes;
             [a PNG file]
      """;

  private FluxSparkFunctions() {}

  static Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>>
      fluxImage() {
    return new Tuple3<>(
        FunctionIdentifier.apply(NAME),
        new ExpressionInfo(
            FluxImage.class.getName(), "", NAME, USAGE, "", EXAMPLES, "", "", "", "", "scala_udf"),
        FluxSparkFunctions::call);
  }

  /** A call; the values of a map that is written out stay apart, each of its own type. */
  private static Expression call(Seq<Expression> arguments) {
    List<Expression> given = Scala.list(arguments);
    if (given.isEmpty() || given.size() > 2) {
      throw FluxSqlException.thrown(
          new FluxSparkException(
              ErrorCode.INVALID_OPTION,
              "has "
                  + given.size()
                  + " arguments; a prompt, or a prompt and map('height', 64, ...), are needed"));
    }
    List<Expression> values = new ArrayList<>(List.of(given.get(0)));
    List<String> names = new ArrayList<>(List.of("prompt"));
    if (given.size() == 2) {
      if (given.get(1) instanceof CreateMap map && hasFixedKeys(map)) {
        for (int i = 0; i < map.keys().size(); i++) {
          names.add(String.valueOf(map.keys().apply(i).eval(null)));
          values.add(asGiven(map.values().apply(i)));
        }
      } else {
        names.add(ImageCall.OPTIONS);
        values.add(given.get(1));
      }
    }
    return new FluxImage(Scala.seq(values), Scala.seq(names));
  }

  private static boolean hasFixedKeys(CreateMap map) {
    return Scala.list(map.keys()).stream().allMatch(Expression::foldable);
  }

  /** Spark may have brought a map's values to one type already, such as texts to numbers. */
  private static Expression asGiven(Expression value) {
    return value instanceof Cast cast && cast.getTagValue(Cast.USER_SPECIFIED_CAST()).isEmpty()
        ? cast.child()
        : value;
  }
}
