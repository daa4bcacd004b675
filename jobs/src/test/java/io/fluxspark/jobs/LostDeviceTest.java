package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.jobs.FaultyPictures.Accident;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where driver and executor are one process. */
class LostDeviceTest {
  @TempDir private Path folder;

  @Test
  void theRunFailsAndSaysWhyAndTheSameCommandMakesTheRest() throws Exception {
    Path prompts = Files.writeString(folder.resolve("p.csv"), "id,prompt\n1,a\n2,b\n3,c\n4,d\n");

    CommandLineRun run = generate(prompts);

    assertThat(run.code()).isEqualTo(Errors.FAILURE);
    assertThat(run.err()).contains("DEVICE_LOST: CUDA error: an illegal memory access");
    assertThat(generate(prompts).code()).isZero();
    assertThat(TestSpark.session().read().parquet(folder + "/out/data").count()).isEqualTo(4);
  }

  private CommandLineRun generate(Path prompts) {
    return CommandLineRun.of(
        TestSpark::session,
        FaultyPictures.models(folder.resolve("happened"), Accident.DEVICE_LOST),
        Map.of(),
        "generate",
        "--prompts",
        prompts.toString(),
        "--output",
        folder.resolve("out").toString());
  }
}
