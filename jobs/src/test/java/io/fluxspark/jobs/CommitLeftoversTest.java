package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommitLeftoversTest {
  @TempDir private Path folder;

  /** Where a driver has died before it deleted them. */
  @Test
  void theNextRunDeletesThoseOfEarlierOnes() throws IOException {
    Workspace workspace = new Workspace(folder);
    Path prompts = workspace.file("prompts.csv", "id,prompt,width", "a,fox,64");
    assertThat(CommandLineRun.of(workspace.generate(prompts, "out")).code()).isZero();
    List<String> before =
        workspace.files().stream().filter(file -> file.startsWith("out/data/")).toList();
    workspace.file("out/data/portion=000000/__magic_job-1/job-1/00/task_1.pendingset", "{}");

    assertThat(CommandLineRun.of(workspace.generate(prompts, "out")).code()).isZero();

    assertThat(workspace.files()).containsAll(before).noneMatch(file -> file.contains("__magic"));
  }

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
