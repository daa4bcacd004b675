package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanTest {
  @TempDir private Path folder;
  private Workspace workspace;
  private Path prompts;

  @BeforeEach
  void makeTable() {
    workspace = new Workspace(folder);
    prompts =
        workspace.file(
            "prompts.csv",
            "id,prompt,width,num_inference_steps",
            "a,fox,64,2",
            "a,fox,64,2",
            "b,hen,64,2",
            "c,owl,64,2",
            "d,elk,32,10",
            "e,cat,100,");
  }

  @Test
  void saysWhatARunWouldDoAndWritesNothing() throws Exception {
    JsonNode plan = json("--batch-size", "2", "--commit-every", "2");

    assertThat(plan.get("images_requested").asInt()).isEqualTo(5);
    assertThat(plan.get("images_distinct").asInt()).isEqualTo(4);
    assertThat(plan.get("images_there_before").asInt()).isZero();
    assertThat(plan.get("images_to_make").asInt()).isEqualTo(4);
    assertThat(plan.get("rows_invalid").asInt()).isEqualTo(1);
    assertThat(plan.get("first_problems").get(0).asText()).contains("row 6: width: '100'");
    assertThat(plan.get("buckets")).hasSize(2);
    JsonNode wide = plan.get("buckets").get(1);
    assertThat(wide.get("width").asInt()).isEqualTo(64);
    assertThat(wide.get("images").asInt()).isEqualTo(3);
    assertThat(wide.get("batch_size").asInt()).isEqualTo(2);
    assertThat(plan.get("portions").asInt()).isEqualTo(3);
    assertThat(plan.get("teraflops").asDouble()).isEqualTo((3 * 2 + 10) / 1e3);
    assertThat(plan.get("device_bytes").asLong()).isEqualTo(2_000_000);
    assertThat(plan.get("bytes").asLong()).isEqualTo(Math.round(1.5 * 32 * (3 * 64 + 32)));
    assertThat(plan.get("hours").isNull()).isTrue();
    assertThat(workspace.files()).containsExactly("prompts.csv");
  }

  @Test
  void knowsWhatAnOutputHas() throws Exception {
    workspace.file("first.csv", "id,prompt,width,num_inference_steps", "b,hen,64,2");
    CommandLineRun run = CommandLineRun.of(workspace.generate(folder.resolve("first.csv"), "out"));
    assertThat(run.code()).as(run.err()).isZero();

    JsonNode plan = json("--images-per-second", "0.5");

    assertThat(plan.get("images_there_before").asInt()).isEqualTo(1);
    assertThat(plan.get("images_to_make").asInt()).isEqualTo(3);
    assertThat(plan.get("hours").asDouble()).isEqualTo(3 / 0.5 / 3600);
  }

  @Test
  void measuresAFewPictures() throws Exception {
    JsonNode plan = json("--measure", "2");

    // 1.75 seconds a batch of one, whatever it is.
    assertThat(plan.get("hours").asDouble()).isPositive();
    assertThat(plan.get("bytes").asLong()).isBetween(100L, 100_000L);
    assertThat(workspace.files()).containsExactly("prompts.csv");
  }

  @Test
  void printsATable() {
    CommandLineRun run = plan();

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("pictures:  5 asked for, 4 distinct, 0 there before, 0 failed before, 4 to make")
        .contains("wrong:     1 rows, the first:")
        .contains(
            "32 x 64             2     64         -            3      1    0.00600    976.6 KiB")
        .contains("time:      not known; --measure N or --images-per-second F tells");
  }

  private JsonNode json(String... options) throws Exception {
    String[] all = java.util.Arrays.copyOf(options, options.length + 1);
    all[options.length] = "--json";
    CommandLineRun run = plan(all);
    assertThat(run.code()).as(run.err()).isZero();
    return new ObjectMapper().readTree(run.out());
  }

  private CommandLineRun plan(String... options) {
    String[] generate = workspace.generate(prompts, "out", options);
    generate[0] = "plan";
    return CommandLineRun.of(generate);
  }
}
