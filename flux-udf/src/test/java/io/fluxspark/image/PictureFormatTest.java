package io.fluxspark.image;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PictureFormatTest {
  @ParameterizedTest
  @CsvSource({"PNG,png,png,image/png", "JPEG,jpeg,jpg,image/jpeg", "WEBP,webp,webp,image/webp"})
  void hasItsNames(PictureFormat format, String name, String extension, String mime) {
    assertThat(PictureFormat.fromName(name)).isEqualTo(format);
    assertThat(format.formatName()).isEqualTo(name);
    assertThat(format.fileExtension()).isEqualTo(extension);
    assertThat(format.mime()).isEqualTo(mime);
  }

  @Test
  void takesAnyCaseAndRefusesOthers() {
    assertThat(PictureFormat.fromName("WebP")).isEqualTo(PictureFormat.WEBP);
    assertRefused(ErrorCode.INVALID_OPTION, () -> PictureFormat.fromName("gif"))
        .isEqualTo("image format 'gif' is unknown; one of png, jpeg, webp is wanted");
  }
}
