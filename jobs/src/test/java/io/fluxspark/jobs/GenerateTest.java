package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateTest {
  @TempDir private Path folder;

  @Test
  void aTableBecomesParquet() throws Exception {
    Path prompts =
        Files.writeString(
            folder.resolve("prompts.csv"),
            "id,prompt,width,label\na,a fox,64,x\nb,\"two\nlines\",,y\n");
    Path output = folder.resolve("out");
    CommandLineRun run =
        CommandLineRun.of(
            "generate", "--prompts", prompts.toString(), "--output", output.toString());
    System.out.println(run);
    assertThat(run.code()).isZero();
    TestSpark.session().read().parquet(output + "/data").show(100, 30, true);
    try (var all = Files.walk(output)) {
      all.forEach(System.out::println);
    }
    System.out.println(Files.readString(output.resolve("README.md")));
  }
}
