package io.fluxspark.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Samplers on data whose best answers are known: where pictures are normal numbers of mean MU and
 * deviation s, x_t is normal too, and what the model is asked for has an expectation that is linear
 * in x_t.
 */
class SamplersTest {
  private static final double MU = 0.8;
  private static final double DEVIATION = 0.5;
  private static final int BATCH = 4;
  private static final int TOKENS = 64;
  private static final int CHANNELS = 64;
  private static final NoisePath NOISE = NoisePath.COSINE.predictingNoise();

  private static Latents latents;

  @BeforeAll
  static void load() {
    latents = Latents.load(Device.cpu());
  }

  @AfterAll
  static void close() {
    latents.close();
  }

  /** Answers the expectation of what is asked for. */
  private static Velocity best(NoisePath path, double deviation) {
    return (owner, x, timesteps) -> {
      NoisePath.Point point = path.at(timesteps[0] / 1000.0);
      double a = point.signal();
      double n = point.noise();
      double variance = a * a * deviation * deviation + n * n;
      double slope =
          (point.targetSignal() * a * deviation * deviation + point.targetNoise() * n) / variance;
      float[] constant = new float[BATCH * TOKENS * CHANNELS];
      Arrays.fill(constant, (float) (point.targetSignal() * MU - slope * a * MU));
      NativeTensor rest = owner.floats(constant, BATCH, TOKENS, CHANNELS); // (B, S, C)
      return latents.mix(owner, slope, x, 1, rest);
    };
  }

  private static Schedule even(int steps, double last) {
    float[] sigmas = new float[steps + 1];
    float[] timesteps = new float[steps];
    for (int i = 0; i <= steps; i++) {
      sigmas[i] = (float) (1 - i * (1 - last) / steps);
    }
    for (int i = 0; i < steps; i++) {
      timesteps[i] = 1000 * sigmas[i];
    }
    return new Schedule(sigmas, timesteps);
  }

  private static NativeTensor noise(TensorScope owner) {
    NativeTensor like =
        owner.floats(new float[BATCH * TOKENS * CHANNELS], BATCH, TOKENS, CHANNELS); // (B, S, C)
    return latents.noiseLike(owner, new long[] {1, 2, 3, 4}, like);
  }

  private static float[] sampled(
      Sampler sampler, Velocity model, Schedule schedule, Latents.AfterStep afterStep) {
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      return latents
          .sample(scope, noise(scope), schedule, sampler, model, afterStep, () -> false)
          .toFloats();
    }
  }

  private static float[] sampled(Sampler sampler, Velocity model, Schedule schedule) {
    return sampled(sampler, model, schedule, Latents.AfterStep.NOTHING);
  }

  /** Root of the mean square of what is wrong with where the differential equation leads. */
  private static double error(Sampler sampler, NoisePath path, int steps, double last) {
    float[] made = sampled(sampler, best(path, DEVIATION), even(steps, last));
    float[] start;
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      start = noise(scope).toFloats();
    }
    NoisePath.Point first = path.at(1);
    NoisePath.Point end = path.at((float) last);
    double squares = 0;
    for (int i = 0; i < made.length; i++) {
      double z = (start[i] - first.signal() * MU) / deviation(first);
      double exact = end.signal() * MU + deviation(end) * z;
      squares += (made[i] - exact) * (made[i] - exact);
    }
    return Math.sqrt(squares / made.length);
  }

  private static double deviation(NoisePath.Point point) {
    return Math.hypot(point.signal() * DEVIATION, point.noise());
  }

  private static Function<NoisePath, Sampler> named(String name) {
    return switch (name) {
      case "Euler" -> path -> new Euler(latents, path);
      case "Heun" -> path -> new Heun(latents, path);
      case "Ddim" -> path -> new Ddim(latents, path);
      default -> path -> new Ddpm(latents, path, new long[] {5, 6, 7, 8});
    };
  }

  static Stream<Arguments> all() {
    return Stream.of("Euler", "Heun", "Ddim", "Ddpm")
        .flatMap(
            sampler ->
                Stream.of(
                    Arguments.of(sampler, "linear", NoisePath.LINEAR, 1e-5),
                    Arguments.of(sampler, "cosine", NoisePath.COSINE, 2e-2),
                    Arguments.of(sampler, "noise", NOISE, 2e-2)));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("all")
  void allEndAtTheOnePicture(String sampler, String name, NoisePath path, double tolerance) {
    float[] made = sampled(named(sampler).apply(path), best(path, 0), even(20, 0));

    for (float number : made) {
      assertThat((double) number).isCloseTo(MU, within(4 * tolerance));
    }
  }

  @Test
  void ddimAndDdpmEndAtTheOnePictureInOneStep() {
    for (String sampler : List.of("Ddim", "Ddpm")) {
      float[] made = sampled(named(sampler).apply(NOISE), best(NOISE, 0), even(1, 0));

      for (float number : made) {
        assertThat((double) number).isCloseTo(MU, within(1e-3));
      }
    }
  }

  static Stream<Arguments> orders() {
    return Stream.of(
        Arguments.of("Euler", "linear", NoisePath.LINEAR, 0, 1),
        Arguments.of("Heun", "linear", NoisePath.LINEAR, 0, 2),
        // At 0 the path has no derivative, and no method an order.
        Arguments.of("Euler", "cosine", NoisePath.COSINE, 0.1, 1),
        Arguments.of("Heun", "cosine", NoisePath.COSINE, 0.1, 2),
        Arguments.of("Ddim", "cosine", NoisePath.COSINE, 0.1, 1),
        Arguments.of("Euler", "noise", NOISE, 0.1, 1),
        Arguments.of("Heun", "noise", NOISE, 0.1, 2),
        Arguments.of("Ddim", "noise", NOISE, 0.1, 1));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("orders")
  void errorsFallByTheOrder(String sampler, String name, NoisePath path, double last, int order) {
    Sampler made = named(sampler).apply(path);
    double coarse = error(made, path, 16, last);
    double fine = error(made, path, 32, last);

    assertThat(coarse).isLessThan(0.1);
    assertThat(Math.log(coarse / fine) / Math.log(2)).isCloseTo(order, within(0.35));
  }

  @Test
  void ddimConvergesToTheEquationsSolution() {
    assertThat(error(named("Ddim").apply(NOISE), NOISE, 200, 0)).isLessThan(5e-3);
    assertThat(error(named("Ddim").apply(NOISE), NOISE, 20, 0)).isGreaterThan(5e-3);
  }

  @Test
  void ddimOnTheStraightPathIsEuler() {
    Velocity model = best(NoisePath.LINEAR, DEVIATION);
    float[] euler = sampled(named("Euler").apply(NoisePath.LINEAR), model, even(7, 0));
    float[] ddim = sampled(named("Ddim").apply(NoisePath.LINEAR), model, even(7, 0));

    for (int i = 0; i < euler.length; i++) {
      assertThat(ddim[i]).isCloseTo(euler[i], within(1e-5f));
    }
  }

  @ParameterizedTest
  @MethodSource("paths")
  void ddpmHasTheDistributionOfTheData(String name, NoisePath path) {
    float[] made = sampled(named("Ddpm").apply(path), best(path, DEVIATION), even(200, 0));

    double mean = 0;
    double squares = 0;
    for (float number : made) {
      mean += (double) number / made.length;
      squares += (double) number * number / made.length;
    }
    // 16384 samples: the mean is off by 0.004, the deviation by 0.003.
    assertThat(mean).isCloseTo(MU, within(0.016));
    assertThat(Math.sqrt(squares - mean * mean)).isCloseTo(DEVIATION, within(0.02));
  }

  static Stream<Arguments> paths() {
    return Stream.of(
        Arguments.of("linear", NoisePath.LINEAR),
        Arguments.of("cosine", NoisePath.COSINE),
        Arguments.of("noise", NOISE));
  }

  @Test
  void ddpmFollowsItsSeeds() {
    Velocity model = best(NOISE, DEVIATION);
    float[] made = sampled(named("Ddpm").apply(NOISE), model, even(5, 0));
    float[] again = sampled(named("Ddpm").apply(NOISE), model, even(5, 0));
    float[] other = sampled(new Ddpm(latents, NOISE, new long[] {5, 6, 7, 9}), model, even(5, 0));

    assertThat(again).isEqualTo(made);
    int row = TOKENS * CHANNELS;
    assertThat(Arrays.copyOf(other, 3 * row)).isEqualTo(Arrays.copyOf(made, 3 * row));
    assertThat(Arrays.copyOfRange(other, 3 * row, 4 * row))
        .isNotEqualTo(Arrays.copyOfRange(made, 3 * row, 4 * row));
  }

  @Test
  void heunAsksTwiceAStepButTheLast() {
    int[] asked = {0};
    Velocity best = best(NoisePath.LINEAR, DEVIATION);
    Velocity counted =
        (owner, x, timesteps) -> {
          asked[0]++;
          return best.at(owner, x, timesteps);
        };

    sampled(named("Heun").apply(NoisePath.LINEAR), counted, even(5, 0));

    assertThat(asked[0]).isEqualTo(9);
  }

  @Test
  void theWayToOnePictureIsStraightOnTheLinearPathAlone() {
    for (double off : straightness(NoisePath.LINEAR)) {
      assertThat(off).isLessThan(1e-8);
    }
    for (double off : straightness(NoisePath.COSINE)) {
      assertThat(off).isGreaterThan(0.1);
    }
  }

  private static double[] straightness(NoisePath path) {
    Schedule schedule = even(50, 0);
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      NativeTensor start = noise(scope); // (B, S, C)
      Way way = new Way(start, schedule.sigmas()[0]);
      latents.sample(
          scope,
          start,
          schedule,
          new Euler(latents, path),
          best(path, 0),
          way.keeping(),
          () -> false);
      return way.straightness();
    }
  }

  @Test
  void nothingStaysOpen() {
    long before = TensorScope.openValues();

    for (String sampler : List.of("Euler", "Heun", "Ddim", "Ddpm")) {
      sampled(named(sampler).apply(NOISE), best(NOISE, DEVIATION), even(3, 0));
    }

    assertThat(TensorScope.openValues()).isEqualTo(before);
  }
}
