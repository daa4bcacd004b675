package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.FluxSparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SparkVersionTest {
  @Test
  void theSparkOfTheBuildIsTaken() {
    assertThatCode(SparkVersion.current()::require).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"4.0.1, 2.13.16", "3.5.8, 2.12.18", "4.10.0, 2.13.17", "4.1.2, 2.12.18"})
  void anotherOneIsNamedWithWhatToDo(String spark, String scala) {
    assertThatThrownBy(new SparkVersion(spark, scala)::require)
        .isInstanceOf(FluxSparkException.class)
        .hasMessageStartingWith("this is Spark " + spark + " with Scala " + scala + "; Spark 4.1")
        .hasMessageContaining(
            "pip install pyspark==" + SparkVersion.current().spark() + " has one");
  }
}
