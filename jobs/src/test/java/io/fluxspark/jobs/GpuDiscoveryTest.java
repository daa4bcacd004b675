package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/gpu-discovery} with drivers that say what NVIDIA's says on other machines. */
class GpuDiscoveryTest {
  private static final String FIRST = "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-0a1b)";
  private static final String SECOND = "GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-2c3d)";
  private static final String PART = "  MIG 1g.10gb     Device  0: (UUID: MIG-4e5f)";
  private static final String OTHER_PART = "  MIG 1g.10gb     Device  1: (UUID: MIG-6a7b)";

  @TempDir private Path folder;

  /** Only what the script needs, so that a driver of this machine is not found. */
  @BeforeEach
  void linkTools() throws IOException {
    for (String tool : List.of("bash", "env", "grep", "hostname", "cat")) {
      Path found =
          List.of("/bin", "/usr/bin").stream()
              .map(place -> Path.of(place, tool))
              .filter(Files::exists)
              .findFirst()
              .orElseThrow(() -> new AssertionError(tool + " is missing on this machine"));
      Files.createSymbolicLink(folder.resolve(tool), found);
    }
  }

  @Test
  void sparkReadsTheAddressesOfAllGpus() throws Exception {
    driver(0, FIRST, SECOND);

    ResourceInformation gpus = ResourceInformation.parseJson(addresses(Map.of()));

    assertThat(gpus.name()).isEqualTo("gpu");
    assertThat(gpus.addresses()).containsExactly("0", "1");
  }

  @Test
  void addressesAreCudasNumbersWhereSomeAreHidden() throws Exception {
    driver(0, FIRST, SECOND);

    assertThat(addresses(Map.of("CUDA_VISIBLE_DEVICES", "1")))
        .isEqualTo("{\"name\":\"gpu\",\"addresses\":[\"0\"]}\n");
    assertThat(addresses(Map.of("CUDA_VISIBLE_DEVICES", "GPU-2c3d,GPU-0a1b")))
        .isEqualTo("{\"name\":\"gpu\",\"addresses\":[\"0\",\"1\"]}\n");
  }

  @Test
  void aPartOfAGpuIsADevice() throws Exception {
    driver(0, FIRST, PART);

    assertThat(addresses(Map.of())).contains("[\"0\"]");
  }

  @Test
  void ofSeveralPartsOneIsChosen() throws Exception {
    driver(0, FIRST, PART, OTHER_PART);

    assertThat(addresses(Map.of("CUDA_VISIBLE_DEVICES", "MIG-6a7b"))).contains("[\"0\"]");
    assertThat(problem(Map.of()))
        .isEqualTo(
            "gpu-discovery: 2 MIG devices on 1 GPUs, of which CUDA gives one to a process; set"
                + " CUDA_VISIBLE_DEVICES to one MIG-... a worker\n");
    assertThat(problem(Map.of("CUDA_VISIBLE_DEVICES", "MIG-4e5f,MIG-6a7b")))
        .contains("names 2 MIG devices, of which CUDA gives one to a process");
  }

  @Test
  void aDriverThatIsMissingIsOneLine() throws Exception {
    assertThat(problem(Map.of()))
        .startsWith(
            "gpu-discovery: there is no nvidia-smi on the PATH; install NVIDIA's driver on ")
        .hasLineCount(1);
  }

  @Test
  void aDriverThatFailsIsOneLine() throws Exception {
    driver(9, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "");

    assertThat(problem(Map.of()))
        .startsWith("gpu-discovery: nvidia-smi failed (exit code 9): NVIDIA-SMI has failed because")
        .hasLineCount(1);
  }

  @Test
  void aMachineWithoutGpusIsOneLine() throws Exception {
    driver(6, "No devices were found");

    assertThat(problem(Map.of()))
        .startsWith("gpu-discovery: nvidia-smi sees no GPU on ")
        .hasLineCount(1);
  }

  @Test
  void hiddenGpusThatAreNotThereAreOneLine() throws Exception {
    driver(0, FIRST, SECOND);

    assertThat(problem(Map.of("CUDA_VISIBLE_DEVICES", "7")))
        .isEqualTo("gpu-discovery: CUDA_VISIBLE_DEVICES names '7'; GPUs here are 0 to 1\n");
    assertThat(problem(Map.of("CUDA_VISIBLE_DEVICES", "GPU-9999")))
        .contains("names GPU-9999, which nvidia-smi -L does not list");
    assertThat(problem(Map.of("CUDA_VISIBLE_DEVICES", "")))
        .isEqualTo(
            "gpu-discovery: CUDA_VISIBLE_DEVICES is empty, which hides all 2 GPUs; unset it or name"
                + " some\n");
  }

  private void driver(int exitCode, String... lines) throws IOException {
    Path driver = folder.resolve("nvidia-smi");
    Files.writeString(
        driver,
        "#!/usr/bin/env bash\n[[ $* == -L ]] || exit 64\ncat <<'END'\n"
            + String.join("\n", lines)
            + "\nEND\nexit "
            + exitCode
            + "\n");
    Files.setPosixFilePermissions(driver, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private String addresses(Map<String, String> environment) throws Exception {
    CommandLineRun run = run(environment);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).isEmpty();
    return run.out();
  }

  private String problem(Map<String, String> environment) throws Exception {
    CommandLineRun run = run(environment);
    assertThat(run.code()).as(run.out()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    return run.err();
  }

  private CommandLineRun run(Map<String, String> environment) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(Project.path("deploy/gpu-discovery").toString());
    builder.environment().remove("CUDA_VISIBLE_DEVICES");
    builder.environment().putAll(environment);
    builder.environment().put("PATH", folder.toString());
    Path err = folder.resolve("err.txt");
    Process process = builder.redirectError(err.toFile()).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new CommandLineRun(process.waitFor(), out, Files.readString(err));
  }
}
