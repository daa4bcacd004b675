package io.fluxspark.spark;

import io.fluxspark.request.RequestColumns;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.NumericType;

/** The columns of a prompt table that hold embeddings. */
public final class EmbedColumns {
  /** Their types by name, for formats that have none of their own. */
  public static final Map<String, DataType> TYPES =
      Map.of(
          RequestColumns.PROMPT_EMBEDS,
          DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.DoubleType)),
          RequestColumns.POOLED_PROMPT_EMBEDS,
          DataTypes.createArrayType(DataTypes.DoubleType));

  /** diffusers' arguments that no row can give; carried along, they would seem to count. */
  private static final List<String> UNKNOWN =
      List.of("negative_prompt_embeds", "negative_pooled_prompt_embeds");

  private EmbedColumns() {}

  /**
   * What is wrong with a column of any name.
   *
   * @param name in lower case
   */
  static Optional<String> problem(String name, DataType type) {
    if (UNKNOWN.contains(name)) {
      return Optional.of("is not read; a negative_prompt counts beside given embeddings too");
    }
    DataType wanted = TYPES.get(name);
    return wanted == null || type instanceof NullType || fits(type, wanted)
        ? Optional.empty()
        : Optional.of(
            "has type "
                + type.sql()
                + "; "
                + wanted.sql()
                + " or bytes are needed, which Parquet, json lines and Spark tables hold, csv"
                + " cannot");
  }

  /** Numbers may be of any type, and all of them one binary value. */
  private static boolean fits(DataType type, DataType wanted) {
    if (type instanceof BinaryType) {
      return true;
    }
    DataType given = type;
    DataType other = wanted;
    while (other instanceof ArrayType array) {
      if (!(given instanceof ArrayType list)) {
        return false;
      }
      given = list.elementType();
      other = array.elementType();
    }
    return given instanceof NumericType;
  }
}
