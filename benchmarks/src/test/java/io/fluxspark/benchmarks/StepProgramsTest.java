package io.fluxspark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.benchmarks.StepPrograms.Kind;
import io.fluxspark.benchmarks.StepPrograms.Size;
import io.fluxspark.program.Method;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class StepProgramsTest {
  private static final Pattern WEIGHT = Pattern.compile("\"([^\"]+\\.(?:weight|bias))\"");
  private static final Pattern PARAMETER = Pattern.compile("(\\w+): (?:Tensor|Dict|List|int)");

  @TempDir private Path folder;

  private static Stream<Arguments> programs() {
    return Stream.of(Size.DEV, Size.SMALL)
        .flatMap(size -> Kind.ALL.stream().map(kind -> Arguments.of(size, kind)));
  }

  @ParameterizedTest
  @MethodSource("programs")
  void theDescriptionHasWhatTheProgramTakes(Size size, Kind kind) throws IOException {
    JsonNode description = description(size, kind);
    String program = program(size, kind);

    for (String method : List.of("velocity", "modulate", "step")) {
      assertThat(parameters(method(program, method)))
          .isEqualTo(description.get(method).findValuesAsText("name"));
    }
    assertThat(names(description.get("stacks").get(0).get("weights")))
        .isEqualTo(
            read(method(program, "double_stream_layer"), method(program, "double_stream_block")));
    assertThat(names(description.get("stacks").get(1).get("weights")))
        .isEqualTo(
            read(method(program, "single_stream_layer"), method(program, "single_stream_block")));
    Set<String> own = new TreeSet<>();
    for (String method : List.of("embed_text", "embed_image", "start", "end", "last_layer")) {
      own.addAll(read(method(program, method)));
    }
    assertThat(names(description.get("own"))).isEqualTo(own);
  }

  @Test
  void matricesInFloat8HaveTheirScalesBesideThem() throws IOException {
    for (Kind kind : Kind.ALL) {
      JsonNode weights = description(Size.DEV, kind).get("stacks").get(0).get("weights");
      List<String> matrices = new ArrayList<>();
      List<String> scaled = new ArrayList<>();
      for (JsonNode weight : weights) {
        String name = weight.get("name").asText();
        if (weight.get("dtype").asText().equals("float8_e4m3fn")) {
          matrices.add(name);
          assertThat(weight.get("shape")).hasSize(2);
        } else if (name.endsWith(Method.SCALE)) {
          scaled.add(name.substring(0, name.length() - Method.SCALE.length()));
        }
      }
      assertThat(matrices).isEqualTo(scaled).hasSize(kind.name().startsWith("float8") ? 14 : 0);
    }
  }

  /** FLUX.1-dev's 11.9 billion parameters, and the 74.4 TFLOP of a step at 1024 x 1024. */
  @Test
  void theLargeSizeIsThatOfThePublishedModel() throws IOException {
    JsonNode description = description(Size.DEV, Kind.ALL.get(0));
    assertThat(description.get("parameters").asLong()).isEqualTo(11_901_408_320L);
    assertThat(Math.round(description.get("flops").asDouble() / 1e11)).isEqualTo(744);
  }

  private JsonNode description(Size size, Kind kind) throws IOException {
    StepPrograms.write(folder, size, kind);
    return new ObjectMapper().readTree(file(size, kind, "json").toFile());
  }

  private String program(Size size, Kind kind) throws IOException {
    StepPrograms.write(folder, size, kind);
    try (ZipFile archive = new ZipFile(file(size, kind, "pt").toFile())) {
      byte[] code =
          archive
              .getInputStream(archive.getEntry("FluxTransformer/code/__torch__.py"))
              .readAllBytes();
      return new String(code, StandardCharsets.UTF_8);
    }
  }

  private Path file(Size size, Kind kind, String extension) {
    return folder.resolve(size.name() + "-" + kind.name() + "." + extension);
  }

  private static String method(String program, String name) {
    int start = program.indexOf("def " + name + "(");
    int end = program.indexOf("  def ", start);
    return program.substring(start, end < 0 ? program.length() : end);
  }

  private static List<String> parameters(String method) {
    String head = method.substring(0, method.indexOf(") ->"));
    return PARAMETER.matcher(head).results().map(found -> found.group(1)).toList();
  }

  private static Set<String> read(String... methods) {
    Set<String> names = new TreeSet<>();
    Matcher matcher = WEIGHT.matcher(String.join("\n", methods));
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    return names;
  }

  /** Of weights, without scales. */
  private static Set<String> names(JsonNode weights) {
    Set<String> names = new TreeSet<>(weights.findValuesAsText("name"));
    names.removeIf(name -> name.endsWith(Method.SCALE));
    return names;
  }
}
