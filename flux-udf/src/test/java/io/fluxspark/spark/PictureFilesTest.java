package io.fluxspark.spark;

import static io.fluxspark.Failures.assertRefused;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.image.Picture;
import io.fluxspark.image.PictureEncoder;
import io.fluxspark.image.PictureFormat;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.StageSeconds;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.PictureSettings;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.ToDoubleBiFunction;
import org.junit.jupiter.api.Test;

class PictureFilesTest {
  private static final Picture PICTURE = new Picture(1, 1, new byte[3]);

  @Test
  void aClipScoreIsOfThePictureAndItsPrompt() {
    ImageOutcome outcome =
        write((picture, prompt) -> picture.equals(PICTURE) && prompt.equals("a fox") ? 31.5 : 0);

    assertThat(((ImageOutcome.Made) outcome).clipScore()).isEqualTo(31.5);
  }

  @Test
  void aScoreThatIsNotFiniteIsNone() {
    ImageOutcome outcome = write((picture, prompt) -> Double.NaN);

    assertThat(((ImageOutcome.Made) outcome).clipScore()).isNull();
    assertThat(((ImageOutcome.Made) outcome).file()).isNotEmpty();
  }

  @Test
  void aPictureWithoutAPromptHasNoScore() {
    ImageOutcome outcome = write(Requests.withEmbeddings(), failing(ErrorCode.INTERNAL));

    assertThat(((ImageOutcome.Made) outcome).clipScore()).isNull();
    assertThat(new String(((ImageOutcome.Made) outcome).file(), ISO_8859_1))
        .contains(
            "sha256:"
                + Requests.withEmbeddings().request().promptEmbeds().orElseThrow().promptSha256());
  }

  @Test
  void aScoreThatFailsIsTheFailureOfThePicture() {
    ImageOutcome outcome = write(failing(ErrorCode.OUT_OF_MEMORY));

    assertThat(((ImageOutcome.Failed) outcome).failure().code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
  }

  @Test
  void aLostDeviceIsTheFailureOfTheTask() {
    assertRefused(ErrorCode.DEVICE_LOST, () -> write(failing(ErrorCode.DEVICE_LOST)));
  }

  private static ToDoubleBiFunction<Picture, String> failing(ErrorCode code) {
    return (picture, prompt) -> {
      throw Requests.failure(code);
    };
  }

  private static ImageOutcome write(ToDoubleBiFunction<Picture, String> clip) {
    return write(Requests.request(0), clip);
  }

  private static ImageOutcome write(
      ImageRequest request, ToDoubleBiFunction<Picture, String> clip) {
    PictureFiles files =
        new PictureFiles(
            PictureEncoder.of(PictureFormat.PNG),
            new PictureSettings("png", 75, "float32", "digest"),
            false,
            Optional.of(clip),
            Optional.empty());
    return files.write(
        new PlannedImage(request, null),
        new GeneratedImage.Made(PICTURE, GeneratedImage.CutTokens.NONE, OptionalInt.empty()),
        new StageSeconds(0, 0, 0));
  }
}
