package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.program.TensorScope;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The function that is asked for one row after the other. */
class FluxImageFunctionTest {
  private static final SparkSession SPARK = TestSpark.session();

  @AfterEach
  void noTaskHoldsAModel() {
    ModelCache.shared().closeIdle();
    assertThat(TensorScope.openValues()).isZero();
  }

  @Test
  void itsPicturesAreThoseOfFluxImage() {
    SPARK
        .udf()
        .register(
            "flux_image_row",
            new FluxImageFunction(),
            StructType.fromDDL(FluxImageFunction.RETURN_TYPE));
    List<Row> rows =
        SPARK
            .sql(
                """
                SELECT id, f.sha256, g.sha256, g.error_code, g.error_message FROM (
                  SELECT id,
                    flux_image(prompt, map('height', side, 'width', '16', 'num_inference_steps', '1')) AS f,
                    flux_image_row(prompt, map('height', side, 'width', '16', 'num_inference_steps', '1')) AS g
                  FROM VALUES (1, 'a fox', '16'), (2, 'an owl', '17'), (3, null, '16') AS t(id, prompt, side))
                ORDER BY id
                """)
            .collectAsList();

    assertThat(rows.get(0).getString(1)).hasSize(64).isEqualTo(rows.get(0).getString(2));
    assertThat(rows.get(0).isNullAt(3)).isTrue();
    assertThat(rows.get(1).getString(3)).isEqualTo("INVALID_ROW");
    assertThat(rows.get(1).getString(4)).startsWith("height: '17'; not a multiple of 16");
    assertThat(rows.get(2).getString(4)).startsWith("prompt: is null");
  }

  @Test
  void aModelThatIsNotThereIsAnErrorInTheResult() throws Exception {
    Row result =
        new FluxImageFunction()
            .call(
                "a fox",
                scala.jdk.javaapi.CollectionConverters.asScala(
                    java.util.Map.of("model", "builtin:huge")));
    assertThat(result.getString(8)).isEqualTo("INVALID_MODEL");
    assertThat(result.getString(9)).startsWith("model builtin:huge: there are the built-in");
  }
}
