package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("clients")
class PythonEnvironmentIT {

  @Test
  void hasTheClientsThatTheTestsReadWith() throws Exception {
    String printed =
        PythonEnvironment.run(
            "import sys, datasets, duckdb, pyarrow, PIL; print(sys.argv[1], duckdb.sql('select 1').fetchall())",
            "größe");

    assertThat(printed.strip()).isEqualTo("größe [(1,)]");
  }

  @Test
  void aScriptThatFailsFailsTheTestWithWhatItPrinted() {
    assertThatThrownBy(() -> PythonEnvironment.run("print('so far'); raise ValueError('no rows')"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("so far")
        .hasMessageContaining("ValueError: no rows");
  }
}
