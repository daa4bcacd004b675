package io.fluxspark.spark;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.clip.ClipScorer;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.image.Picture;
import io.fluxspark.program.TensorScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClipScorersTest {
  private static final int THREADS = 8;
  private static final Picture PICTURE = new Picture(2, 2, new byte[12]);

  @TempDir Path folder;
  private final ClipScorers scorers = new ClipScorers();
  private final ModelKey key = ClipModel.open(Golden.path("clip").toString()).key(ModelKey.CPU);
  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

  @AfterEach
  void end() {
    threads.shutdownNow();
    scorers.closeIdle();
  }

  @Test
  void manyWhoAskAtOnceGetOneModel() throws Exception {
    List<Future<ClipScorers.Lease>> asked = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      asked.add(threads.submit(() -> scorers.lease(key)));
    }

    ClipScorer scorer = asked.get(0).get().scorer();
    for (Future<ClipScorers.Lease> lease : asked) {
      assertThat(lease.get().scorer()).isSameAs(scorer);
    }
    assertThat(scorers.size()).isEqualTo(1);
  }

  @Test
  void aModelStaysForLaterTasksAndGoesWhenAnotherIsNeeded() {
    long before = TensorScope.openValues();
    ClipScorers.Lease first = scorers.lease(key);
    long oneModel = TensorScope.openValues() - before;
    ClipScorer scorer = first.scorer();
    first.close();
    first.close();
    ClipScorers.Lease second = scorers.lease(key);
    assertThat(second.scorer()).isSameAs(scorer);
    ModelKey other = copyKey("second");
    assertThat(other.digest()).isEqualTo(key.digest());

    ClipScorers.Lease beside = scorers.lease(other);

    assertThat(scorers.size()).as("one that is held stays").isEqualTo(2);
    assertThat(second.scorer().score(PICTURE, "fox"))
        .isEqualTo(beside.scorer().score(PICTURE, "fox"));
    second.close();
    beside.close();
    scorers.lease(copyKey("third")).close();
    assertThat(scorers.size()).as("those that nobody holds go").isEqualTo(1);
    assertThat(TensorScope.openValues() - before).isEqualTo(oneModel);
    scorers.closeIdle();
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }

  private ModelKey copyKey(String name) {
    return ClipModel.open(Golden.copy("clip", folder.resolve(name)).toString()).key(ModelKey.CPU);
  }

  @Test
  void whatIsWrongWithTheFolderIsNamedByTheOption() {
    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipModel.open(folder.resolve("no").toString()))
        .startsWith("--clip-model: " + folder.resolve("no") + ": is no folder");
    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipModel.open("s3a://bucket/clip"))
        .contains("s3a:/bucket/clip: is no folder");
    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipModel.open(Golden.path("dev").toString()))
        .contains("config.json: no such file");
  }
}
