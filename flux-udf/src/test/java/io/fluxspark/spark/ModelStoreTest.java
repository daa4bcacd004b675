package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.Failures;
import io.fluxspark.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStoreTest {
  private static final int THREADS = 8;
  private static final Configuration CONF = RemoteFolders.configuration();

  @TempDir private Path folder;

  @BeforeEach
  void forget() {
    RemoteFolders.OPENED.clear();
    RemoteFolders.broken = null;
  }

  @Test
  void bringsWhatAPipelineNeedsAndNothingElse() throws IOException {
    Path elsewhere = model("model", 100);
    write(elsewhere.resolve("flux1-dev.safetensors"), 100);
    write(elsewhere.resolve("run.py"), 100);
    write(elsewhere.resolve("vae/pytorch_model.bin"), 100);
    write(elsewhere.resolve("vae/deep/config.json"), 100);
    write(elsewhere.resolve(".hidden/config.json"), 100);

    try (ModelStore.Lease lease = store(1000).take(find(elsewhere))) {
      assertThat(contents(lease.folder()))
          .isEqualTo(
              Map.of(
                  "README.md", 10L,
                  "model_index.json", 10L,
                  "tokenizer/merges.txt", 10L,
                  "vae/config.json", 10L,
                  "vae/model.safetensors", 100L));
      assertThat(lease.folder().resolve("vae/model.safetensors"))
          .hasSameBinaryContentAs(elsewhere.resolve("vae/model.safetensors"));
    }
  }

  @Test
  void noNameLeadsOutOfTheFolder() {
    for (String name : List.of("../a.json", "vae/../../a.json", "/a.json", "..", "a/..json")) {
      assertThatThrownBy(() -> new RemoteModel.RemoteFile(name, 1, "1"))
          .as(name)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void isBroughtOnceForAllThreads() throws Exception {
    RemoteModel model = find(model("model", 1 << 20));
    CyclicBarrier start = new CyclicBarrier(THREADS);
    List<Callable<ModelStore.Lease>> takes = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      takes.add(
          () -> {
            start.await();
            return store(Long.MAX_VALUE).take(model);
          });
    }

    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    List<ModelStore.Lease> leases = new ArrayList<>();
    for (Future<ModelStore.Lease> lease : threads.invokeAll(takes)) {
      leases.add(lease.get());
    }
    threads.shutdown();

    assertThat(leases).extracting(ModelStore.Lease::folder).containsOnly(leases.get(0).folder());
    assertThat(RemoteFolders.OPENED).hasSameSizeAs(model.files()).doesNotHaveDuplicates();
    leases.forEach(ModelStore.Lease::close);
  }

  @Test
  void isBroughtOnceForAllProcesses() throws Exception {
    RemoteModel model = find(model("model", 1 << 20));
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  ModelStoreProcess.class.getName(),
                  model.location(),
                  folder.resolve("cache").toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      processes.add(process);
    }
    for (Process process : processes) {
      assertThat(process.inputReader().readLine()).isEqualTo("ready");
    }
    for (Process process : processes) {
      process.outputWriter().append("go\n").flush();
    }

    List<String> read = new ArrayList<>();
    for (Process process : processes) {
      read.add(process.inputReader().readLine());
      assertThat(process.waitFor()).isZero();
    }

    String copy = " " + folder.toRealPath().resolve("cache").resolve(model.key());
    assertThat(read).containsExactlyInAnyOrder(model.files().size() + copy, "0" + copy);
  }

  @Test
  void goesOnWhereItBrokeOff() throws IOException {
    RemoteModel model = find(model("model", 1000));
    RemoteFolders.broken = "model.safetensors";

    assertThatThrownBy(() -> store(5000).take(model).close())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("connection lost");
    assertThat(store(5000).has(model)).isFalse();
    RemoteFolders.broken = null;
    RemoteFolders.OPENED.clear();
    try (ModelStore.Lease lease = store(5000).take(model)) {

      assertThat(model.isIn(lease.folder())).isTrue();
      assertThat(RemoteFolders.OPENED).contains("model.safetensors").hasSizeLessThan(5);
      try (Stream<Path> left = Files.walk(folder.resolve("cache"))) {
        assertThat(left).noneMatch(path -> path.toString().matches(".*\\.(part|draft)"));
      }
    }
  }

  @Test
  void aFileThatSomebodyCutIsBroughtAgain() throws IOException {
    RemoteModel model = find(model("model", 1000));
    Path copy;
    try (ModelStore.Lease lease = store(5000).take(model)) {
      copy = lease.folder();
      Files.write(copy.resolve("vae/model.safetensors"), new byte[3]);

      Failures.assertRefused(ErrorCode.INPUT_OUTPUT, () -> store(5000).take(model).close())
          .contains("another task uses the others");
    }
    RemoteFolders.OPENED.clear();

    store(5000).take(model).close();

    assertThat(RemoteFolders.OPENED).containsExactly("model.safetensors");
    assertThat(copy.resolve("vae/model.safetensors")).hasSize(1000);
  }

  @Test
  void aModelThatHasChangedIsAnother() throws IOException {
    Path elsewhere = model("model", 1000);
    RemoteModel before = find(elsewhere);
    write(elsewhere.resolve("vae/model.safetensors"), 999);

    Failures.assertRefused(ErrorCode.INVALID_MODEL, () -> store(5000).take(before).close())
        .contains("vae/model.safetensors has been changed since the job began");
    RemoteModel after = find(elsewhere);
    assertThat(after.key()).isNotEqualTo(before.key());
    store(5000).take(after).close();
    Files.setLastModifiedTime(elsewhere.resolve("README.md"), FileTime.fromMillis(1000));
    assertThat(find(elsewhere).key()).isNotEqualTo(after.key());
  }

  @Test
  void aHostKeepsWhatTheJobSawThoughItHasChanged() throws IOException {
    Path elsewhere = model("model", 1000);
    RemoteModel seen = find(elsewhere);
    store(5000).take(seen).close();
    write(elsewhere.resolve("vae/model.safetensors"), 999);

    try (ModelStore.Lease lease = store(5000).take(seen)) {
      assertThat(lease.folder().resolve("vae/model.safetensors")).hasSize(1000);
    }
  }

  @Test
  void theModelUnusedForLongestMakesRoom() throws IOException {
    List<RemoteModel> models = new ArrayList<>();
    for (String name : List.of("a", "b", "c", "d")) {
      models.add(find(model(name, 960))); // 1000 bytes each
    }
    ModelStore store = store(3000);
    for (int i = 0; i < 3; i++) {
      store.take(models.get(i)).close();
      lastUse(models.get(i), i);
    }
    store.take(models.get(0)).close(); // used again: b is the oldest now

    store.take(models.get(3)).close();

    List<Boolean> kept = new ArrayList<>();
    for (RemoteModel model : models) {
      kept.add(store.has(model));
    }
    assertThat(kept).containsExactly(true, false, true, true);
  }

  @Test
  void noModelInUseMakesRoom() throws IOException {
    RemoteModel used = find(model("used", 960));
    RemoteModel idle = find(model("idle", 960));
    RemoteModel third = find(model("third", 960));
    ModelStore store = store(2000);
    ModelStore.Lease lease = store.take(used);
    lastUse(used, 0);
    store.take(idle).close();

    store.take(third).close();

    assertThat(store.has(used)).isTrue();
    assertThat(store.has(idle)).isFalse();
    ModelStore.Lease other = store.take(third);
    Failures.assertRefused(ErrorCode.INPUT_OUTPUT, () -> store.take(idle).close())
        .contains("there is no room in " + folder.toRealPath().resolve("cache"))
        .contains("models in use take 0.000 GB");
    lease.close();
    other.close();
    store.take(idle).close();
    assertThat(store.has(used)).isFalse();
  }

  @Test
  void aModelThatCanNeverFitIsRefusedByTheOption() throws IOException {
    RemoteModel model = find(model("model", 960));

    Failures.assertRefused(ErrorCode.INVALID_OPTION, () -> store(999).take(model).close())
        .startsWith("--model-cache-size: ");
  }

  @Test
  void otherFoldersAreRefused() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));

    refused(RemoteFolders.uri(empty), "model_index.json is not there");
    refused(RemoteFolders.uri(folder.resolve("nothing")), "is not there");
    refused("https://example.org/model", "is a page of the web");
  }

  @Test
  void singleFilesAreOfAModelThatHasNoIndex() throws IOException {
    Path model = model("model", 100);
    write(model.resolve("flux1-dev.safetensors"), 100);
    write(model.resolve("ae.safetensors"), 100);
    assertThat(find(model).files())
        .extracting(RemoteModel.RemoteFile::name)
        .doesNotContain("flux1-dev.safetensors", "ae.safetensors");

    Files.delete(model.resolve("model_index.json"));
    assertThat(find(model).files())
        .extracting(RemoteModel.RemoteFile::name)
        .contains("flux1-dev.safetensors", "ae.safetensors");
  }

  private static void refused(String location, String problem) {
    Failures.assertRefused(ErrorCode.INVALID_MODEL, () -> RemoteModel.find(location, CONF))
        .contains(location)
        .contains(problem);
  }

  private ModelStore store(long maxBytes) throws IOException {
    return ModelStore.open(
        new ModelStoreSettings(folder.resolve("cache").toString(), maxBytes), CONF);
  }

  private static RemoteModel find(Path elsewhere) throws IOException {
    return RemoteModel.find(RemoteFolders.uri(elsewhere), CONF);
  }

  private void lastUse(RemoteModel model, long second) throws IOException {
    Files.setLastModifiedTime(
        folder.resolve("cache").resolve(model.key() + ".size"), FileTime.fromMillis(1000 * second));
  }

  /** Not a model that loads, but files as one has them. */
  private Path model(String name, int weights) throws IOException {
    Path model = folder.resolve("elsewhere").resolve(name);
    for (String file :
        List.of("model_index.json", "README.md", "vae/config.json", "tokenizer/merges.txt")) {
      write(model.resolve(file), 10);
    }
    write(model.resolve("vae/model.safetensors"), weights);
    return model;
  }

  private static void write(Path file, int length) throws IOException {
    Files.createDirectories(file.getParent());
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31);
    }
    Files.write(file, bytes);
  }

  private static Map<String, Long> contents(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .collect(
              Collectors.toMap(
                  path -> folder.relativize(path).toString(), path -> path.toFile().length()));
    }
  }
}
