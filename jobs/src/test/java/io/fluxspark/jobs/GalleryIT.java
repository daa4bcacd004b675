package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contact sheet of hostile prompts, in a real browser. */
@Tag("clients")
class GalleryIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path folder;
  private static Chromium chromium;
  private static Path gallery;

  @BeforeAll
  static void generateAndStart() throws Exception {
    List<String> rows = new ArrayList<>();
    for (String prompt : HostilePrompts.ALL) {
      rows.add(
          JSON.writeValueAsString(
              Map.of(
                  "id", rows.size() + " " + prompt, "prompt", prompt, "negative_prompt", prompt)));
    }
    Workspace workspace = new Workspace(folder);
    Path prompts = workspace.file("prompts.jsonl", rows.toArray(String[]::new));
    CommandLineRun run = CommandLineRun.of(workspace.generate(prompts, "out"));
    assertThat(run.code()).as(run.err()).isZero();
    gallery = workspace.output("out").resolve("gallery.html");
    chromium = Chromium.start(folder);
  }

  @AfterAll
  static void stop() throws Exception {
    if (chromium != null) {
      chromium.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    chromium.show(1280, 900, "light");
    chromium.open(gallery);
  }

  @Test
  void everyPromptIsTextAndNothingElse() throws Exception {
    assertThat(texts("document.querySelectorAll('.facts > .prompt')"))
        .containsExactlyInAnyOrderElementsOf(HostilePrompts.ALL);
    assertThat(chromium.evaluate("document.title").asText()).isEqualTo("Pictures of constant");
    assertThat(
            chromium
                .evaluate("document.querySelectorAll('script, iframe, svg, body style, a').length")
                .asInt())
        .isZero();
    assertThat(
            chromium
                .evaluate(
                    "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])"
                        + ".filter(a => a.name.startsWith('on')).length")
                .asInt())
        .isZero();
  }

  @Test
  void thePageWouldNotRunAScriptEvenIfItHadOne() throws Exception {
    JsonNode ran =
        chromium.evaluate(
            """
            (() => {
              const script = document.createElement('script');
              script.textContent = 'window.ran = true';
              document.body.append(script);
              const picture = document.createElement('p');
              picture.setAttribute('onclick', 'window.ran = true');
              document.body.append(picture);
              picture.click();
              return window.ran === true;
            })()
            """);

    assertThat(ran.asBoolean(true)).isFalse();
  }

  @Test
  void everyPictureIsThereAndNoRequestLeaves() throws Exception {
    JsonNode widths =
        chromium.evaluate("[...document.images].map(i => i.complete ? i.naturalWidth : 0)");

    assertThat(widths).hasSize(HostilePrompts.ALL.size()).allMatch(width -> width.asInt() == 48);
    assertThat(chromium.requests()).containsExactly(gallery.toUri().toString());
  }

  @Test
  void marksOfDirectionStayInTheirElement() throws Exception {
    // Same text, same place, whatever stands in the element before it.
    JsonNode places =
        chromium.evaluate(
            """
            [...document.querySelectorAll('.caption')].map(caption => {
              const range = document.createRange();
              const numbers = caption.querySelector('.numbers');
              range.selectNodeContents(numbers.firstElementChild);
              return [range.getBoundingClientRect().left - caption.getBoundingClientRect().left,
                getComputedStyle(numbers).direction].join(' ');
            })
            """);

    assertThat(places).hasSize(HostilePrompts.ALL.size()).allMatch(p -> p.asText().equals("0 ltr"));
  }

  @ParameterizedTest
  @CsvSource({"1280, light", "1280, dark", "390, light", "390, dark"})
  void aClickEnlargesAPictureAndAnotherPutsItBack(int width, String scheme) throws Exception {
    chromium.show(width, 844, scheme);
    int before = pictureWidth();
    save("gallery-" + width + "-" + scheme);

    click();
    int open = pictureWidth();
    save("gallery-" + width + "-" + scheme + "-open");
    assertThat(open).isGreaterThan(before * 5 / 4);
    assertThat(chromium.evaluate("document.querySelectorAll('details[open]').length").asInt())
        .isOne();

    click();
    assertThat(pictureWidth()).isEqualTo(before);
    assertThat(
            chromium
                .evaluate("document.documentElement.scrollWidth <= window.innerWidth")
                .asBoolean())
        .as("nothing is wider than the window")
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource({"light, true", "dark, false"})
  void lightAndDarkFollowTheVisitor(String scheme, boolean isLight) throws Exception {
    chromium.show(1280, 900, scheme);

    int corner = ImageIO.read(new ByteArrayInputStream(chromium.screenshot())).getRGB(2, 2) & 0xFF;

    assertThat(corner > 127).isEqualTo(isLight);
  }

  /** Where to look when a page looks wrong: {@code target/gallery}. */
  private static void save(String name) throws Exception {
    Path pictures =
        Files.createDirectories(Path.of(System.getProperty("basedir", ""), "target/gallery"));
    Files.write(pictures.resolve(name + ".png"), chromium.screenshot());
  }

  private static int pictureWidth() throws Exception {
    return chromium.evaluate("document.images[0].getBoundingClientRect().width").asInt();
  }

  /** In the middle of the first picture. */
  private static void click() throws Exception {
    JsonNode middle =
        chromium.evaluate(
            "(r => [r.x + r.width / 2, r.y + r.height / 2])(document.images[0].getBoundingClientRect())");
    chromium.click(middle.get(0).asInt(), middle.get(1).asInt());
  }

  private static List<String> texts(String elements) throws Exception {
    JsonNode texts = chromium.evaluate("[..." + elements + "].map(e => e.textContent)");
    return StreamSupport.stream(texts.spliterator(), false).map(JsonNode::asText).toList();
  }
}
