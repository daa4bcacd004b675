package io.fluxspark.sampling;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleConfigTest {
  @TempDir Path folder;

  @Test
  void readsBothKinds() {
    assertThat(ScheduleConfig.read(Golden.path("dev/scheduler")))
        .isEqualTo(
            new ScheduleConfig(
                1000, 3, true, 0.5, 1.15, 256, 4096, OptionalDouble.empty(), "exponential"));
    assertThat(ScheduleConfig.read(Golden.path("schnell/scheduler")))
        .isEqualTo(
            new ScheduleConfig(
                1000, 1, false, 0.5, 1.15, 256, 4096, OptionalDouble.empty(), "exponential"));
  }

  @Test
  void takesDiffusersDefaultsForWhatIsMissing() throws IOException {
    Files.writeString(
        folder.resolve("scheduler_config.json"),
        "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}");

    assertThat(ScheduleConfig.read(folder))
        .isEqualTo(
            new ScheduleConfig(
                1000, 1, false, 0.5, 1.15, 256, 4096, OptionalDouble.empty(), "exponential"));
  }

  @Test
  void readsTheTerminalShift() {
    Golden.change("dev/scheduler/scheduler_config.json", folder, "shift_terminal", "0.02");

    assertThat(ScheduleConfig.read(folder).shiftTerminal()).hasValue(0.02);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "use_karras_sigmas | true | key 'use_karras_sigmas' is true, which is not supported; false is wanted",
        "use_exponential_sigmas | true | key 'use_exponential_sigmas' is true, which is not supported; false is wanted",
        "use_beta_sigmas | true | key 'use_beta_sigmas' is true, which is not supported; false is wanted",
        "stochastic_sampling | true | key 'stochastic_sampling' is true, which is not supported; false is wanted",
        "invert_sigmas | true | key 'invert_sigmas' is true, which is not supported; false is wanted",
        "_class_name | \"DDIMScheduler\" | key '_class_name' is 'DDIMScheduler'; FlowMatchEulerDiscreteScheduler is wanted",
        "_class_name | | key '_class_name' is missing; text is wanted",
        "shift | 0 | key 'shift' is 0.0; a number above 0 is wanted",
        "shift_terminal | 1 | key 'shift_terminal' is 1.0; a number between 0 and 1 is wanted",
        "max_image_seq_len | 256 | key 'max_image_seq_len' is 256; more than base_image_seq_len, 256, is wanted",
        "time_shift_type | \"cubic\" | key 'time_shift_type' is cubic; exponential or linear is wanted",
      })
  void refusesWhatCannotBe(String key, String value, String problem) {
    Golden.change("dev/scheduler/scheduler_config.json", folder, key, value);

    assertRefused(ErrorCode.INVALID_MODEL, () -> ScheduleConfig.read(folder))
        .isEqualTo(folder.resolve("scheduler_config.json") + ": " + problem);
  }
}
