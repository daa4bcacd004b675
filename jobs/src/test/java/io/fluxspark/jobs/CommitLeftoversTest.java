package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommitLeftoversTest {
  @TempDir private Path folder;

  @Test
  void onlyTheCommittersNotesGo() throws IOException {
    Workspace workspace = new Workspace(folder);
    workspace.file("portion/__magic_job-1/job-1/00/task_1.pendingset", "{}");
    workspace.file("portion/_SUCCESS", "{}");
    workspace.file("portion/part-00000.parquet", "");

    try (FileSystem files = FileSystem.newInstance(folder.toUri(), new Configuration())) {
      CommitLeftovers.delete(files, new org.apache.hadoop.fs.Path(folder.toUri() + "/portion"));
    }

    assertThat(workspace.files())
        .containsExactlyInAnyOrder("portion/_SUCCESS", "portion/part-00000.parquet");
  }
}
