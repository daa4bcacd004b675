package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class RequestRulesPropertyTest {
  private static final RequestRules RULES = TestRules.of(RequestDefaults.dev(), 2048, 0);

  @Property
  void anyRowIsAValidRequestOrIsRefusedInOneLine(@ForAll("rows") Map<String, Object> row) {
    try {
      GenerationRequest request = RULES.read(row);
      assertThat(request.height()).isBetween(16, 2048).matches(size -> size % 16 == 0);
      assertThat(request.width()).isBetween(16, 2048).matches(size -> size % 16 == 0);
      assertThat(request.numInferenceSteps()).isBetween(1, 1000);
      assertThat(request.maxSequenceLength()).isBetween(1, 512);
      assertThat(request.guidanceScale()).isFinite().isNotNegative();
      assertThat(request.trueCfgScale()).isFinite().isNotNegative();
      assertThat(request.id()).isNotEmpty();
      assertThat(RULES.read(row)).isEqualTo(request);
    } catch (FluxSparkException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ROW);
      assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(3000);
    }
  }

  @Provide
  Arbitrary<Map<String, Object>> rows() {
    Arbitrary<Object> values =
        Arbitraries.oneOf(
            Arbitraries.strings().ofMaxLength(30).map(Object.class::cast),
            Arbitraries.strings().numeric().withChars("+-.eE _").ofMaxLength(12).map(o -> o),
            Arbitraries.integers().between(-20, 2100).map(o -> o),
            Arbitraries.longs().map(o -> o),
            Arbitraries.doubles().map(o -> o),
            Arbitraries.of(Double.NaN, Double.NEGATIVE_INFINITY, true, new byte[3]),
            Arbitraries.bigDecimals().map(BigDecimal.class::cast),
            Arbitraries.integers().between(1, 128).map(n -> 16 * n));
    return Arbitraries.maps(Arbitraries.of(RequestColumns.ALL), values.injectNull(0.1))
        .ofMaxSize(6)
        .map(HashMap::new);
  }
}
