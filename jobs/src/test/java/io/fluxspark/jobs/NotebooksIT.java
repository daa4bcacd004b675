package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The notebooks, run by the script that makes their committed outputs. */
@Tag("clients")
class NotebooksIT {
  private static final String PYTHON = "pyspark";
  private static final int MOST_BYTES = 400_000;
  private static final List<String> LINKED = List.of("conf", "deploy", "jobs");
  private static final Pattern IN_HTML = Pattern.compile("data:image/png;base64,([A-Za-z0-9+/=]+)");

  @TempDir private Path folder;

  /** pip leaves what it builds beside the sources. */
  @BeforeAll
  static void installThePackage(@TempDir Path sources) throws Exception {
    PythonEnvironment.install(PYTHON, Project.copy(Project.path("notebooks"), sources));
  }

  /** JUnit warns of links that it removes. */
  @AfterEach
  void removeLinks() throws IOException {
    for (String name : LINKED) {
      Files.deleteIfExists(folder.resolve(name));
    }
  }

  @Test
  void theTour() throws Exception {
    assertThat(run("tour.ipynb", 24))
        .contains("height: 50; not a multiple of 16", "8 images, 0 failed rows")
        .contains("0 images, 0 failed rows", "8 there before");
  }

  @Test
  void javaInJjava() throws Exception {
    assertThat(run("java.ipynb", 19))
        .contains("height: 50; not a multiple of 16", "option 'heigth': there is none");
  }

  /** Its cells hold its numbers against the library's and against what a query makes. */
  @Test
  void flowMatching() throws Exception {
    assertThat(run("flow-matching.ipynb", 6))
        .contains("largest difference of a colour, of 255:", "(96, 80)");
  }

  /**
   * Runs a notebook of which each cell must end well, and holds what it gives against what is
   * committed.
   *
   * @param pictures in its outputs
   * @return its outputs
   */
  private String run(String name, int pictures) throws Exception {
    Path committed = Project.path("notebooks").resolve(name);
    Path copy = copy(committed);

    PythonEnvironment.run(
        PYTHON,
        Map.of("JAVA_HOME", System.getProperty("java.home")),
        Files.readString(Project.path("notebooks/execute.py")),
        copy.toString());

    List<JsonNode> made = outputs(copy);
    assertThat(pictures(made)).hasSize(pictures).allMatch(NotebooksIT::showsSomething);
    // Whoever changed a cell has made the outputs again.
    assertThat(kinds(outputs(committed))).isEqualTo(kinds(made));
    assertThat(pictures(outputs(committed))).hasSize(pictures);
    assertThat(Files.size(committed)).isLessThan(MOST_BYTES);
    return made.toString();
  }

  /** The notebook in a project's folders, of which it writes only to its own. */
  private Path copy(Path notebook) throws IOException {
    for (String name : LINKED) {
      Files.createSymbolicLink(folder.resolve(name), Project.path(name));
    }
    Path notebooks = Files.createDirectory(folder.resolve("notebooks"));
    Project.copy(Project.path("notebooks/data"), notebooks.resolve("data"));
    Files.copy(Project.path("notebooks/java-options"), notebooks.resolve("java-options"));
    return Files.copy(notebook, notebooks.resolve(notebook.getFileName()));
  }

  private static List<JsonNode> outputs(Path notebook) throws IOException {
    List<JsonNode> outputs = new ArrayList<>();
    for (JsonNode cell : new ObjectMapper().readTree(notebook.toFile()).get("cells")) {
      if (cell.get("cell_type").asText().equals("code")) {
        outputs.add(cell.get("outputs"));
      }
    }
    return outputs;
  }

  /** Of each cell's outputs, of what kinds they are. */
  private static List<String> kinds(List<JsonNode> outputs) {
    List<String> kinds = new ArrayList<>();
    for (JsonNode cell : outputs) {
      StringBuilder kind = new StringBuilder();
      for (JsonNode output : cell) {
        kind.append(output.get("output_type").asText());
        TreeSet<String> types = new TreeSet<>();
        output.path("data").fieldNames().forEachRemaining(types::add);
        kind.append(types);
      }
      kinds.add(kind.toString());
    }
    return kinds;
  }

  private static List<BufferedImage> pictures(List<JsonNode> outputs) throws IOException {
    List<String> files = new ArrayList<>();
    for (JsonNode cell : outputs) {
      for (JsonNode output : cell) {
        JsonNode data = output.path("data");
        for (String type : List.of("image/png", "image/jpeg")) {
          if (data.has(type)) {
            files.add(text(data.get(type)));
          }
        }
        IN_HTML.matcher(text(data.path("text/html"))).results().forEach(m -> files.add(m.group(1)));
      }
    }
    List<BufferedImage> pictures = new ArrayList<>();
    for (String file : files) {
      byte[] bytes = Base64.getMimeDecoder().decode(file);
      pictures.add(ImageIO.read(new ByteArrayInputStream(bytes)));
    }
    return pictures;
  }

  /** A text, which a notebook may have as a list of lines. */
  private static String text(JsonNode node) {
    StringBuilder text = new StringBuilder(node.asText());
    node.forEach(line -> text.append(line.asText()));
    return text.toString();
  }

  private static boolean showsSomething(BufferedImage picture) {
    int width = picture.getWidth();
    int height = picture.getHeight();
    int[] colours = picture.getRGB(0, 0, width, height, null, 0, width);
    return height >= 48 && Arrays.stream(colours).distinct().count() > 50;
  }
}
