package io.fluxspark.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.Golden;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScheduleTest {
  static Stream<JsonNode> golden() {
    List<JsonNode> cases =
        StreamSupport.stream(Golden.json("schedules.json").spliterator(), false).toList();
    assertThat(cases).hasSize(84);
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void sigmasAreDiffusers(JsonNode golden) {
    ScheduleConfig config =
        ScheduleConfig.read(Golden.path(golden.get("model").asText() + "/scheduler"));

    Schedule schedule =
        Schedule.of(config, golden.get("steps").asInt(), golden.get("image_seq_len").asInt());

    JsonNode sigmas = golden.get("sigmas");
    assertThat(schedule.sigmas()).hasSize(sigmas.size());
    for (int i = 0; i < sigmas.size(); i++) {
      assertThat((double) schedule.sigmas()[i]).isCloseTo(sigmas.get(i).asDouble(), within(1e-6));
    }
  }

  @Test
  void linearShiftAndTerminalAreApplied() {
    ScheduleConfig config =
        new ScheduleConfig(1000, 1, true, 0.5, 1.15, 256, 4096, OptionalDouble.of(0.1), "linear");

    Schedule schedule = Schedule.of(config, 4, 256);

    // FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, time_shift_type="linear",
    // shift_terminal=0.1).set_timesteps(sigmas=[1, .75, .5, .25], mu=0.5)
    assertThat(schedule.sigmas())
        .hasSize(5)
        .usingComparatorWithPrecision(1e-6f)
        .containsExactly(1f, 0.58f, 0.3f, 0.1f, 0f);
  }
}
