package io.fluxspark.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class DimTest {
  private static final Dim B = Dim.named("B");
  private static final Dim H = Dim.named("h");
  private static final List<String> NAMES = List.of("B", "S", "h");

  @Test
  void isWrittenAsAPersonReadsIt() {
    assertThat(Dim.of(77)).hasToString("77");
    assertThat(Dim.of(0)).hasToString("0");
    assertThat(B).hasToString("B");
    assertThat(H.times(8)).hasToString("8*h");
    assertThat(Dim.named("S").plus(Dim.named("L"))).hasToString("L + S");
    assertThat(H.times(B).times(2)).hasToString("2*B*h");
    assertThat(H.plus(Dim.of(-1))).hasToString("-1 + h");
  }

  @Test
  void whatCancelsIsGone() {
    Dim nothing = B.plus(B.times(-1));
    assertThat(nothing).isEqualTo(Dim.of(0)).hasSameHashCodeAs(Dim.of(0));
    assertThat(nothing.isConstant()).isTrue();
    assertThat(nothing.names()).isEmpty();
    assertThat(B.times(0)).isEqualTo(Dim.of(0));
  }

  @Test
  void namesAreWhatOccursInIt() {
    assertThat(B.times(H).plus(Dim.named("S").times(2)).plus(Dim.of(3)).names())
        .containsExactly("B", "S", "h");
  }

  @Test
  void aNumberIsKnownAndANameIsNot() {
    assertThat(Dim.of(5).isConstant()).isTrue();
    assertThat(Dim.of(5).constant()).isEqualTo(5);
    assertThat(B.isConstant()).isFalse();
    assertThat(B.plus(Dim.of(1)).isConstant()).isFalse();
    assertThatThrownBy(() -> B.plus(Dim.of(1)).constant())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("size 1 + B is not known when the program is built");
  }

  @Test
  void aQuotientIsExactOrRefused() {
    assertThat(H.times(8).plus(Dim.of(4)).dividedBy(4)).isEqualTo(H.times(2).plus(Dim.of(1)));
    assertThatThrownBy(() -> H.times(8).plus(Dim.of(3)).dividedBy(4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("size 3 + 8*h is not a multiple of 4");
  }

  @Test
  void bindsANameOnlyByAProductOfItAlone() {
    assertThat(H.times(8).factorOf("h")).isEqualTo(8);
    assertThat(H.times(8).factorOf("B")).isZero();
    assertThat(H.times(B).factorOf("h")).isZero();
    assertThat(H.plus(Dim.of(1)).factorOf("h")).isZero();
  }

  @Property(tries = 300)
  void sumsAndProductsAreThoseOfTheNumbersThatNamesStandFor(
      @ForAll("dims") Dim a, @ForAll("dims") Dim b, @ForAll("values") Map<String, Long> values) {
    assertThat(value(a.plus(b), values)).isEqualTo(value(a, values) + value(b, values));
    assertThat(value(a.times(b), values)).isEqualTo(value(a, values) * value(b, values));
  }

  @Property(tries = 300)
  void equalPolynomialsAreEqualSizesHoweverTheyWereMade(
      @ForAll("dims") Dim a, @ForAll("dims") Dim b, @ForAll("dims") Dim c) {
    assertThat(a.plus(b)).isEqualTo(b.plus(a)).hasToString(b.plus(a).toString());
    assertThat(a.times(b)).isEqualTo(b.times(a)).hasSameHashCodeAs(b.times(a));
    assertThat(a.plus(b).plus(c)).isEqualTo(a.plus(b.plus(c)));
    assertThat(a.times(b).times(c)).isEqualTo(a.times(b.times(c)));
    assertThat(a.times(b.plus(c))).isEqualTo(a.times(b).plus(a.times(c)));
  }

  @Property(tries = 200)
  void divisionUndoesMultiplication(
      @ForAll("dims") Dim a, @ForAll @IntRange(min = 1, max = 64) int factor) {
    assertThat(a.times(factor).dividedBy(factor)).isEqualTo(a);
  }

  @Provide
  Arbitrary<Dim> dims() {
    Arbitrary<Dim> constants = Arbitraries.longs().between(-9, 9).map(Dim::of);
    Arbitrary<Dim> products =
        Arbitraries.of(NAMES)
            .list()
            .ofMaxSize(3)
            .map(names -> names.stream().map(Dim::named).reduce(Dim.of(1), Dim::times));
    return Combinators.combine(constants, products)
        .as(Dim::times)
        .list()
        .ofMaxSize(4)
        .map(terms -> terms.stream().reduce(Dim.of(0), Dim::plus));
  }

  @Provide
  Arbitrary<Map<String, Long>> values() {
    return Arbitraries.maps(Arbitraries.of(NAMES), Arbitraries.longs().between(1, 99))
        .ofSize(NAMES.size());
  }

  /** The size as TorchScript computes what is written: sums of products of names and numbers. */
  private static long value(Dim dim, Map<String, Long> values) {
    return Arrays.stream(dim.toString().split(" \\+ "))
        .mapToLong(
            term ->
                Arrays.stream(term.split("\\*"))
                    .mapToLong(f -> values.containsKey(f) ? values.get(f) : Long.parseLong(f))
                    .reduce(1, (x, y) -> x * y))
        .sum();
  }
}
