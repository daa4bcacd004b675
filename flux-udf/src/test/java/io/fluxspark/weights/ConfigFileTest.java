package io.fluxspark.weights;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFileTest {
  @TempDir Path folder;

  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("config.json");
    Files.writeString(
        file,
        """
        {"int": 3, "double": 0.5, "boolean": true, "string": "x", "ints": [1, 2], "strings": ["a"], "none": null}
        """);
  }

  @Test
  void readsValues() {
    ConfigFile config = ConfigFile.read(file);

    assertThat(config.requireInt("int")).isEqualTo(3);
    assertThat(config.requireDouble("int")).isEqualTo(3);
    assertThat(config.requireDouble("double")).isEqualTo(0.5);
    assertThat(config.requireBoolean("boolean")).isTrue();
    assertThat(config.requireString("string")).isEqualTo("x");
    assertThat(config.requireInts("ints")).containsExactly(1, 2);
    assertThat(config.requireStrings("strings")).containsExactly("a");
    assertThat(config.optionalInt("int", 9)).isEqualTo(3);
    assertThat(config.optionalDouble("double")).hasValue(0.5);
  }

  @Test
  void takesTheDefaultForWhatIsMissingOrNull() {
    ConfigFile config = ConfigFile.read(file);

    assertThat(config.optionalInt("missing", 9)).isEqualTo(9);
    assertThat(config.optionalInt("none", 9)).isEqualTo(9);
    assertThat(config.optionalDouble("none", 0.25)).isEqualTo(0.25);
    assertThat(config.optionalDouble("none")).isEmpty();
    assertThat(config.optionalBoolean("none", true)).isTrue();
    assertThat(config.optionalString("none", "y")).isEqualTo("y");
    assertThat(config.optionalInts("none", List.of(4))).containsExactly(4);
  }

  @Test
  void refusesByFileAndKey() {
    refused(
        config -> config.requireInt("missing"),
        "key 'missing' is missing; a whole number is wanted");
    refused(config -> config.requireInt("none"), "key 'none' is missing; a whole number is wanted");
    refused(config -> config.requireInt("double"), "key 'double' is 0.5; a whole number is wanted");
    refused(
        config -> config.requireInt("string"), "key 'string' is \"x\"; a whole number is wanted");
    refused(config -> config.requireDouble("boolean"), "key 'boolean' is true; a number is wanted");
    refused(config -> config.requireBoolean("int"), "key 'int' is 3; true or false is wanted");
    refused(config -> config.requireString("ints"), "key 'ints' is the list [1,2]; text is wanted");
    refused(
        config -> config.requireInts("int"), "key 'int' is 3; a list of whole numbers is wanted");
    refused(
        config -> config.requireInts("strings"),
        "key 'strings' is the list [\"a\"]; a list of whole numbers is wanted");
    refused(
        config -> config.requireStrings("ints"),
        "key 'ints' is the list [1,2]; a list of texts is wanted");
    refused(
        config -> {
          throw new IllegalArgumentException("int must be 4");
        },
        "int must be 4");
  }

  @Test
  void refusesFilesThatAreNoObjects() throws IOException {
    Files.writeString(file, "{\"a\": 1, \"a\": 2}");
    assertRefused(ErrorCode.INVALID_MODEL, () -> ConfigFile.read(file))
        .contains("Duplicate field 'a'");
    Files.writeString(file, "3");
    assertRefused(ErrorCode.INVALID_MODEL, () -> ConfigFile.read(file))
        .endsWith("a JSON object is wanted, not 3");
    Files.delete(file);
    assertRefused(ErrorCode.INVALID_MODEL, () -> ConfigFile.read(file))
        .isEqualTo(file + ": no such file");
  }

  private void refused(Function<ConfigFile, Object> reader, String problem) {
    assertRefused(ErrorCode.INVALID_MODEL, () -> ConfigFile.read(file, reader))
        .isEqualTo(file + ": " + problem);
  }
}
