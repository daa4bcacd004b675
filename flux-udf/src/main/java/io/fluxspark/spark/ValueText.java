package io.fluxspark.spark;

import java.sql.Timestamp;
import java.util.Collection;
import java.util.HexFormat;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Texts of values as rows hold them, of whatever type: equal values of one type have the same text
 * on every machine, others another. Only for giving rows an order.
 */
final class ValueText {
  private ValueText() {}

  static String of(Object value) {
    if (value == null) {
      return "-";
    }
    if (value instanceof Row row) {
      return joined(IntStream.range(0, row.size()).mapToObj(i -> of(row.get(i))));
    }
    if (value instanceof scala.collection.Seq<?> elements) {
      return joined(texts(CollectionConverters.asJava(elements)));
    }
    if (value instanceof scala.collection.Map<?, ?> map) {
      return joined(
          CollectionConverters.asJava(map).entrySet().stream()
              .map(entry -> joined(Stream.of(of(entry.getKey()), of(entry.getValue()))))
              .sorted());
    }
    String text;
    if (value instanceof byte[] bytes) {
      text = HexFormat.of().formatHex(bytes);
    } else if (value instanceof Timestamp timestamp) {
      text = timestamp.toInstant().toString(); // its own text depends on the time zone
    } else {
      text = value.toString();
    }
    return text.length() + ":" + text;
  }

  private static Stream<String> texts(Collection<?> values) {
    return values.stream().map(ValueText::of);
  }

  private static String joined(Stream<String> texts) {
    return texts.collect(Collectors.joining(",", "[", "]"));
  }
}
