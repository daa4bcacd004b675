package io.fluxspark.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExclusiveFileTest {
  private static final int WRITERS = 16;

  @TempDir private java.nio.file.Path folder;

  @Test
  void oneOfManyWritersWins() throws Exception {
    FileSystem files = FileSystem.getLocal(new Configuration());
    for (int round = 0; round < 50; round++) {
      Path path = new Path(folder.toUri().toString(), "a/b/claim-" + round);

      List<Boolean> won =
          Race.of(
              WRITERS,
              writer ->
                  () -> ExclusiveFile.create(files, path, ("writer " + writer).getBytes(UTF_8)));

      assertThat(won).containsOnlyOnce(true);
      assertThat(Files.readString(java.nio.file.Path.of(path.toUri())))
          .isEqualTo("writer " + won.indexOf(true));
    }
    try (var left = Files.list(folder.resolve("a/b"))) {
      assertThat(left).as("nothing but the files").hasSize(50);
    }
  }

  @Test
  void aFileThatIsThereStaysAsItIs() throws IOException {
    FileSystem files = FileSystem.getLocal(new Configuration());
    Path path = new Path(folder.toUri().toString(), "claim");
    Files.writeString(folder.resolve("claim"), "old");

    assertThat(ExclusiveFile.create(files, path, "new".getBytes(UTF_8))).isFalse();

    assertThat(folder.resolve("claim")).hasContent("old");
  }

  @Test
  void otherFileSystemsAreAskedToCreate() throws IOException {
    try (FileSystem files = new OtherLocalFileSystem("other")) {
      files.initialize(URI.create("other:///"), new Configuration());
      Path path = new Path("other", null, folder.resolve("a/claim").toString());

      assertThat(ExclusiveFile.create(files, path, "first".getBytes(UTF_8))).isTrue();
      assertThat(ExclusiveFile.create(files, path, "second".getBytes(UTF_8))).isFalse();
      assertThat(folder.resolve("a/claim")).hasContent("first");
    }
  }

  @Test
  void s3WithoutConditionalPutsIsRefused() throws IOException {
    try (FileSystem files = new OtherLocalFileSystem("s3a")) {
      files.initialize(URI.create("s3a:///"), new Configuration());
      Path path = new Path("s3a", null, folder.resolve("claim").toString());

      assertThatThrownBy(() -> ExclusiveFile.create(files, path, new byte[0]))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("fs.s3a.create.conditional.enabled=true are needed");
      assertThat(folder.resolve("claim")).doesNotExist();
    }
  }

  /** Local files under another scheme. */
  private static final class OtherLocalFileSystem extends RawLocalFileSystem {
    private final String scheme;

    private OtherLocalFileSystem(String scheme) {
      this.scheme = scheme;
    }

    @Override
    public URI getUri() {
      return URI.create(scheme + ":///");
    }
  }
}
