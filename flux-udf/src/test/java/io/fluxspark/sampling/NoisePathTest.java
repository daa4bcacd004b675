package io.fluxspark.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NoisePathTest {
  /** The angle of equation 17 at t = 0. */
  private static final double START = 0.008 / 1.008 * Math.PI / 2;

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.0005, 0.02, 0.3, 0.5, 0.9, 1})
  void cosineKeepsTheVarianceAsPublished(double t) {
    NoisePath.Point point = NoisePath.COSINE.at(t);

    double alphaBar = published(0.999 * t) / published(0);
    assertThat(point.signal()).isCloseTo(Math.sqrt(alphaBar), within(1e-12));
    assertThat(point.noise()).isCloseTo(Math.sqrt(1 - alphaBar), within(1e-7));
  }

  @Test
  void theShorterWayIsTheFirstPartOfTheCosine() {
    NoisePath shorter = NoisePath.COSINE_TO_LITTLE_SIGNAL;
    assertThat(shorter.at(1).signal()).isCloseTo(0.0683, within(1e-12));
    assertThat(shorter.at(0).signal()).isEqualTo(1);

    NoisePath.Point point = shorter.at(0.5);
    double there = 0.5 * Math.acos(0.0683 * Math.sqrt(published(0))) + 0.5 * START;
    assertThat(point.signal()).isCloseTo(Math.cos(there) / Math.sqrt(published(0)), within(1e-12));
    assertThat(point.signalRate())
        .isCloseTo(
            (shorter.at(0.5 + 1e-6).signal() - shorter.at(0.5 - 1e-6).signal()) / 2e-6,
            within(1e-6));
  }

  /** Nichol and Dhariwal 2021, equation 17. */
  private static double published(double t) {
    return Math.pow(Math.cos((t + 0.008) / 1.008 * Math.PI / 2), 2);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.002, 0.02, 0.3, 0.5, 0.9, 0.999})
  void cosineRatesAreDerivatives(double t) {
    NoisePath.Point point = NoisePath.COSINE.at(t);
    NoisePath.Point before = NoisePath.COSINE.at(t - 1e-6);
    NoisePath.Point after = NoisePath.COSINE.at(t + 1e-6);

    assertThat(point.signalRate())
        .isCloseTo((after.signal() - before.signal()) / 2e-6, within(1e-6));
    assertThat(point.noiseRate()).isCloseTo((after.noise() - before.noise()) / 2e-6, within(1e-5));
  }

  @Test
  void cosineRatesStayFiniteWhereNoiseSetsIn() {
    NoisePath.Point start = NoisePath.COSINE.at(0);

    assertThat(start.signal()).isEqualTo(1);
    assertThat(start.noise()).isEqualTo(0);
    assertThat(start.noiseRate()).isEqualTo(NoisePath.COSINE.at(0.001).noiseRate());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.4, 0.97})
  void theAnswerIsTheVelocityWhereThatIsAskedFor(double t) {
    assertThat(NoisePath.LINEAR.at(t).velocity()).isEqualTo(new NoisePath.Shares(0, 1));
    assertThat(NoisePath.COSINE.at(t).velocity()).isEqualTo(new NoisePath.Shares(0, 1));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.4, 0.97})
  void pointAndAnswerGiveAllMixtures(double t) {
    for (NoisePath path :
        new NoisePath[] {
          NoisePath.LINEAR,
          NoisePath.LINEAR.predictingNoise(),
          NoisePath.COSINE,
          NoisePath.COSINE.predictingNoise()
        }) {
      NoisePath.Point point = path.at(t);
      double picture = 0.7;
      double noise = -1.3;
      double x = point.signal() * picture + point.noise() * noise;
      double answer = point.targetSignal() * picture + point.targetNoise() * noise;

      NoisePath.Shares shares = point.mixture(2, 3);

      assertThat(shares.ofPoint() * x + shares.ofAnswer() * answer)
          .isCloseTo(2 * picture + 3 * noise, within(1e-9));
    }
  }
}
