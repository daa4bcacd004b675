package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.CreateMap;
import org.apache.spark.sql.catalyst.expressions.CreateNamedStruct;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.Option;
import scala.Tuple3;
import scala.collection.immutable.Seq;

/** What is registered with Spark under a name. */
final class FluxSparkFunctions {
  static final String NAME = "flux_image";
  private static final String USAGE =
      "_FUNC_(prompt[, options]) - A picture of the prompt: a struct with the picture file, its"
          + " hash, the request as used, and error_code and error_message where there is no"
          + " picture. options is a map or struct of the prompt table's columns (height, width, seed, ...)"
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
      addOptions(given.get(1), names, values);
    }
    return new FluxImage(Scala.seq(values), Scala.seq(names));
  }

  private static void addOptions(Expression options, List<String> names, List<Expression> values) {
    if (options instanceof CreateMap map && areFixed(map.keys())) {
      for (int i = 0; i < map.keys().size(); i++) {
        names.add(text(map.keys().apply(i)));
        values.add(asGiven(map.values().apply(i)));
      }
    } else if (options instanceof CreateNamedStruct struct && areFixed(struct.nameExprs())) {
      for (int i = 0; i < struct.nameExprs().size(); i++) {
        names.add(text(struct.nameExprs().apply(i)));
        values.add(asGiven(struct.valExprs().apply(i)));
      }
    } else if (options.dataType() instanceof StructType type) {
      for (int i = 0; i < type.size(); i++) {
        names.add(type.apply(i).name());
        values.add(new GetStructField(options, i, Option.apply(type.apply(i).name())));
      }
    } else {
      names.add(ImageCall.OPTIONS);
      values.add(options);
    }
  }

  private static String text(Expression name) {
    return String.valueOf(name.eval(null));
  }

  private static boolean areFixed(scala.collection.Seq<Expression> names) {
    return Scala.list(names).stream().allMatch(Expression::foldable);
  }

  /**
   * A value as it was written. A struct's may have names, and Spark may have brought a map's to one
   * type already, such as texts to numbers.
   */
  private static Expression asGiven(Expression value) {
    if (value instanceof Alias alias) {
      return alias.child();
    }
    return value instanceof Cast cast && cast.getTagValue(Cast.USER_SPECIFIED_CAST()).isEmpty()
        ? cast.child()
        : value;
  }
}
