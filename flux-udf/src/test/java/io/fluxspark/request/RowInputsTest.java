package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pictures and LoRAs of rows. */
class RowInputsTest {
  private static final PictureSettings SETTINGS = new PictureSettings("png", 95, "float32", "abc");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NONE | | TEXT_TO_IMAGE",
        "NONE | image=/a.png | IMAGE_TO_IMAGE",
        "NONE | image=/a.png,mask_image=/b.png | INPAINT",
        "KONTEXT | | TEXT_TO_IMAGE",
        "KONTEXT | image=/a.png | KONTEXT",
        "FILL | image=/a.png,mask_image=/b.png | FILL",
        "CONTROL | control_image=/a.png | CONTROL",
      })
  void theTaskFollowsFromTheModelAndTheRow(Conditioning model, String columns, Task task) {
    assertThat(read(model, row(columns)).inputs().task()).isEqualTo(task);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NONE | mask_image=/b.png | mask_image: its image is needed too",
        "NONE | control_image=/b.png | control_image: this model takes none; FLUX.1 Canny",
        "NONE | image=/c.png | image: '/c.png'; there is no such file",
        "KONTEXT | image=/a.png,mask_image=/b.png | mask_image: a Kontext model takes an image",
        "FILL | | image: this model fills in a picture; one is needed; mask_image: this model",
        "FILL | image=/a.png | mask_image: this model fills in what is white in a mask",
        "CONTROL | | control_image: this model needs a picture of its kind",
        "CONTROL | image=/a.png,control_image=/b.png | image: this model takes a control_image",
        "NONE | image=/a.png,strength=0 | strength: '0'; a number above 0 and at most 1 is needed",
        "NONE | image=/a.png,strength=1e-20 | strength: is so small that no step would be made",
        "NONE | lora=/l,lora_scale=[1;2] | lora_scale: has 2 numbers; one, or one for each of 1",
        "NONE | lora=[/l | lora: '[/l'; one value or a JSON list is needed",
      })
  void whatDoesNotFitTheModelIsNamed(Conditioning model, String columns, String problem) {
    assertThatThrownBy(() -> read(model, row(columns)))
        .isInstanceOfSatisfying(
            FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ROW))
        .hasMessageContaining(problem);
  }

  @Test
  void aPictureThatCannotBeFoundIsNamedOnce() {
    assertThatThrownBy(() -> read(Conditioning.CONTROL, row("control_image=/c.png")))
        .hasMessage("control_image: '/c.png'; there is no such file");
  }

  @Test
  void aPathOfManyLinesIsNamedInOne() {
    Map<String, Object> row = row("");
    row.put("image", "/a\n\nb" + "c".repeat(10_000));

    assertThatThrownBy(() -> read(Conditioning.NONE, row))
        .hasMessageStartingWith("image: '/a bccc")
        .hasMessageEndingWith("c...")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(600).doesNotContain("\n"));
  }

  @Test
  void bytesComeBeforeThePath() {
    byte[] file = "picture".getBytes(StandardCharsets.UTF_8);
    Map<String, Object> row = row("");
    row.put("image", new GivenImage("/nowhere.png", file));
    InputImage image = read(Conditioning.NONE, row).inputs().image().orElseThrow();

    assertThat(image.file()).contains(file);
    assertThat(image.path()).isEqualTo("/nowhere.png");
    assertThat(image.version()).isEqualTo(CanonicalJson.sha256(file));

    row.put("image", new GivenImage(null, null));
    assertThat(read(Conditioning.NONE, row).inputs().image()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lora=/l | 1.0",
        "lora=/l,lora_scale=0.5 | 0.5",
        "lora=[\"/l\"; \"l\"],lora_scale=[0.5; -2] | 0.5,-2.0",
        "lora=[\"/l\"; \"l\"],lora_scale=0.25 | 0.25,0.25"
      })
  void lorasHaveAScaleEach(String columns, String scales) {
    List<Lora> loras = read(Conditioning.NONE, row(columns)).loras();

    assertThat(loras)
        .extracting(Lora::scale)
        .containsExactlyElementsOf(Arrays.stream(scales.split(",")).map(Double::valueOf).toList());
    assertThat(loras).allMatch(lora -> lora.digest().equals("digest"));
  }

  @Test
  void strengthLeavesStepsOutAsInDiffusers() {
    assertThat(RequestInputs.firstStep(0.6, 5)).isEqualTo(2);
    assertThat(RequestInputs.firstStep(1, 28)).isZero();
    assertThat(RequestInputs.firstStep(0.1, 4)).isEqualTo(3);
    assertThat(RequestInputs.firstStep(0.33, 28)).isEqualTo(18);
  }

  @Test
  void aKontextPictureHasAboutOneMegapixelOfTheRowsShape() {
    GenerationRequest wide = read(Conditioning.KONTEXT, row("image=/a.png,height=256,width=512"));
    assertThat(wide.width()).isEqualTo(1440);
    assertThat(wide.height()).isEqualTo(720);
    assertThat(KontextSizes.preferred(300, 200)).isEqualTo(new KontextSizes.Size(1248, 832));
    assertThat(KontextSizes.multiple(301, 215)).isEqualTo(new KontextSizes.Size(288, 208));
    assertThatThrownBy(() -> read(Conditioning.KONTEXT, row("height=16,width=512")))
        .hasMessageContaining(
            "height: a picture of about one megapixel in this shape has 176 x 5792");
  }

  @Test
  void whatDecidesThePictureIsInItsKey() {
    List<String> keys =
        List.of(
                "",
                "image=/a.png",
                "image=/b.png",
                "image=/a.png,strength=0.5",
                "image=/a.png,mask_image=/b.png",
                "lora=/l",
                "lora=/l,lora_scale=2")
            .stream()
            .map(columns -> read(Conditioning.NONE, row(columns)))
            .map(request -> RequestIdentity.requestKey(request, 0, SETTINGS))
            .toList();

    assertThat(keys).doesNotHaveDuplicates();
    // A strength without a picture decides nothing.
    assertThat(
            RequestIdentity.requestKey(read(Conditioning.NONE, row("strength=0.5")), 0, SETTINGS))
        .isEqualTo(keys.get(0));
  }

  private static GenerationRequest read(Conditioning model, Map<String, ?> row) {
    return TestRules.of(RequestDefaults.dev(), 2048, 0, model).read(row);
  }

  /** Columns as NAME=VALUE with commas between; a semicolon is a comma. */
  private static Map<String, Object> row(String columns) {
    Map<String, Object> row = new HashMap<>(Map.of("id", "a", "prompt", "a fox", "seed", 7));
    if (columns != null && !columns.isEmpty()) {
      for (String column : columns.split(",")) {
        String[] nameAndValue = column.split("=", 2);
        row.put(nameAndValue[0], nameAndValue[1].replace(';', ','));
      }
    }
    return row;
  }
}
