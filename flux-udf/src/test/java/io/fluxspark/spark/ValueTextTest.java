package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Timestamp;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

class ValueTextTest {
  @Test
  void equalValuesHaveTheSameText() {
    assertThat(ValueText.of(new byte[] {1, -1})).isEqualTo("4:01ff");
    assertThat(ValueText.of(Timestamp.from(Instant.EPOCH))).isEqualTo("20:1970-01-01T00:00:00Z");
    assertThat(ValueText.of(row(1, seq("a", null), row(1.5)))).isEqualTo("[1:1,[1:a,-],[3:1.5]]");
  }

  @Test
  void theOrderOfAMapIsNoPartOfIt() {
    Map<Object, Object> oneWay = new LinkedHashMap<>(Map.of("a", 1));
    oneWay.put("b", 2);
    Map<Object, Object> otherWay = new LinkedHashMap<>(Map.of("b", 2));
    otherWay.put("a", 1);
    assertThat(ValueText.of(CollectionConverters.asScala(oneWay)))
        .isEqualTo(ValueText.of(CollectionConverters.asScala(otherWay)));
  }

  @Test
  void otherValuesHaveAnotherText() {
    assertThat(ValueText.of(seq("a,1:b"))).isNotEqualTo(ValueText.of(seq("a", "b")));
    assertThat(ValueText.of("-")).isNotEqualTo(ValueText.of(null));
    assertThat(ValueText.of(seq(seq("a"), seq()))).isNotEqualTo(ValueText.of(seq(seq("a"))));
  }

  private static Row row(Object... values) {
    return RowFactory.create(values);
  }

  private static Object seq(Object... values) {
    return CollectionConverters.asScala(Arrays.asList(values));
  }
}
