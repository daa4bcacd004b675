package io.fluxspark.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A real browser with one page, driven through its DevTools protocol, for the tests of group {@code
 * clients}. It has an empty profile of its own. Where Chromium is missing, Debian's is installed if
 * this may be done.
 */
final class Chromium implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome");
  private static final String LISTENING = "DevTools listening on ";
  private static final long PATIENCE_SECONDS = 120;

  private final Process process;
  private final WebSocket socket;
  private final BlockingQueue<JsonNode> messages;
  private final List<String> requests = new ArrayList<>();
  private String page = "";
  private int lastId;
  private boolean isLoaded;

  private Chromium(Process process, WebSocket socket, BlockingQueue<JsonNode> messages) {
    this.process = process;
    this.socket = socket;
    this.messages = messages;
  }

  /** Starts it with an empty page. */
  static Chromium start(Path folder) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                program(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                "--user-data-dir=" + Files.createTempDirectory(folder, "profile"),
                "about:blank")
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
      WebSocket socket =
          HttpClient.newHttpClient()
              .newWebSocketBuilder()
              .buildAsync(address(process), new Messages(messages))
              .join();
      Chromium chromium = new Chromium(process, socket, messages);
      chromium.openPage();
      return chromium;
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      process.destroyForcibly().waitFor();
      throw e;
    }
  }

  /** Opens a file and waits until all that belongs to it is loaded. */
  void open(Path file) throws InterruptedException {
    requests.clear();
    isLoaded = false;
    call("Page.navigate", Map.of("url", file.toUri().toString()));
    while (!isLoaded) {
      note(next());
    }
  }

  /** Makes the window this large, and the page's visitor like light or dark. */
  void show(int width, int height, String scheme) throws InterruptedException {
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    call(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  /** The value of a JavaScript expression, which may be a promise; pages cannot forbid this one. */
  JsonNode evaluate(String expression) throws InterruptedException {
    JsonNode answer =
        call(
            "Runtime.evaluate",
            Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
    if (answer.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + answer);
    }
    return answer.get("result").path("value");
  }

  /** Presses and releases the left button of the mouse. */
  void click(int x, int y) throws InterruptedException {
    for (String type : List.of("mousePressed", "mouseReleased")) {
      call(
          "Input.dispatchMouseEvent",
          Map.of("type", type, "x", x, "y", y, "button", "left", "clickCount", 1));
    }
  }

  /** What can be seen, as PNG. */
  byte[] screenshot() throws InterruptedException {
    JsonNode answer = call("Page.captureScreenshot", Map.of("format", "png"));
    return Base64.getDecoder().decode(answer.get("data").asText());
  }

  /** Addresses that the page asked for since it was opened, {@code data:} left out. */
  List<String> requests() throws InterruptedException {
    // What happened before has been told before this is answered.
    evaluate("0");
    return requests.stream().filter(address -> !address.startsWith("data:")).toList();
  }

  @Override
  public void close() throws InterruptedException {
    socket.abort();
    process.destroy();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }

  private void openPage() throws InterruptedException {
    String target =
        call("Target.createTarget", Map.of("url", "about:blank")).get("targetId").asText();
    page =
        call("Target.attachToTarget", Map.of("targetId", target, "flatten", true))
            .get("sessionId")
            .asText();
    call("Page.enable", Map.of());
    call("Network.enable", Map.of());
  }

  private JsonNode call(String method, Map<String, Object> parameters) throws InterruptedException {
    ObjectNode message = JSON.createObjectNode().put("id", ++lastId).put("method", method);
    message.set("params", JSON.valueToTree(parameters));
    if (!page.isEmpty()) {
      message.put("sessionId", page);
    }
    socket.sendText(message.toString(), true).join();
    JsonNode answer = next();
    while (answer.path("id").asInt() != lastId) {
      note(answer);
      answer = next();
    }
    if (answer.has("error")) {
      throw new AssertionError(method + ": " + answer.get("error"));
    }
    return answer.get("result");
  }

  private void note(JsonNode event) {
    switch (event.path("method").asText()) {
      case "Network.requestWillBeSent" -> requests.add(event.at("/params/request/url").asText());
      case "Page.loadEventFired" -> isLoaded = true;
      default -> {}
    }
  }

  private JsonNode next() throws InterruptedException {
    JsonNode message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("Chromium said nothing for " + PATIENCE_SECONDS + " s");
    }
    return message;
  }

  /** Where it can be spoken to, which it says when it is ready. */
  private static URI address(Process process) throws IOException {
    BufferedReader errors = process.errorReader(StandardCharsets.UTF_8);
    StringBuilder said = new StringBuilder();
    for (String line = errors.readLine(); line != null; line = errors.readLine()) {
      if (line.startsWith(LISTENING)) {
        Thread drain = new Thread(() -> errors.lines().forEach(ignored -> {}), "chromium's errors");
        drain.setDaemon(true);
        drain.start();
        return URI.create(line.substring(LISTENING.length()).strip());
      }
      said.append(line).append('\n');
    }
    throw new AssertionError("Chromium did not start:\n" + said);
  }

  private static synchronized String program() throws IOException, InterruptedException {
    Optional<String> found = onPath();
    if (found.isEmpty()) {
      install();
      found = onPath();
    }
    return found.orElseThrow(
        () ->
            new AssertionError(
                "-Pclients needs Chromium on the path, and it could not be installed from here"
                    + " (on Debian, as root: apt-get install chromium)"));
  }

  private static Optional<String> onPath() {
    return NAMES.stream()
        .filter(
            name ->
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                    .anyMatch(folder -> Files.isExecutable(Path.of(folder, name))))
        .findFirst();
  }

  /** Does what it can; whether that was enough shows when Chromium is looked for again. */
  private static void install() throws IOException, InterruptedException {
    if (!System.getProperty("user.name").equals("root")) {
      return;
    }
    for (List<String> arguments :
        List.of(
            List.of("apt-get", "update"),
            List.of("apt-get", "install", "--yes", "--no-install-recommends", "chromium"))) {
      ProcessBuilder apt =
          new ProcessBuilder(arguments)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD);
      apt.environment().put("DEBIAN_FRONTEND", "noninteractive");
      try {
        apt.start().waitFor();
      } catch (IOException e) {
        return; // no Debian
      }
    }
  }

  /** Puts messages together, which come in pieces, and queues them. */
  private static final class Messages implements WebSocket.Listener {
    private final BlockingQueue<JsonNode> queue;
    private final StringBuilder message = new StringBuilder();

    private Messages(BlockingQueue<JsonNode> queue) {
      this.queue = queue;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence piece, boolean isLast) {
      message.append(piece);
      if (isLast) {
        try {
          queue.add(JSON.readTree(message.toString()));
        } catch (JsonProcessingException e) {
          throw new UncheckedIOException(e);
        }
        message.setLength(0);
      }
      socket.request(1);
      return null;
    }
  }
}
