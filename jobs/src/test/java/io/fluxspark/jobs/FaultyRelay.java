package io.fluxspark.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Stands in front of an S3 server, and fails a part of what it is asked. */
final class FaultyRelay implements AutoCloseable {
  /** What it does to a request. */
  enum Fault {
    /** Answers 503 by itself. */
    SLOW_DOWN,
    /** Answers 500 by itself. */
    INTERNAL_ERROR,
    /** Has the server do it, and breaks off in the middle of the answer. */
    CUT_OFF
  }

  /** Those that HTTP has for one connection only, or that the client sets by itself. */
  private static final Set<String> NOT_RELAYED =
      Set.of("connection", "content-length", "date", "expect", "transfer-encoding", "upgrade");

  private final HttpServer front;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpClient back =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI server;
  private final double fraction;
  private final Random random;
  private final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
  private int requests;

  /**
   * Starts on a port that is free.
   *
   * @param fraction of the requests, that fail
   * @param seed of which fail, and how
   */
  FaultyRelay(URI server, double fraction, long seed) throws IOException {
    this.server = server;
    this.fraction = fraction;
    this.random = new Random(seed);
    this.front = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    front.createContext("/", this::answer);
    front.setExecutor(threads);
    front.start();
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + front.getAddress().getPort());
  }

  /** How often it did what. */
  synchronized Map<Fault, Integer> faults() {
    return Map.copyOf(faults);
  }

  /** All that it was asked. */
  synchronized int requests() {
    return requests;
  }

  private synchronized Optional<Fault> next() {
    requests++;
    if (random.nextDouble() >= fraction) {
      return Optional.empty();
    }
    Fault fault = Fault.values()[random.nextInt(Fault.values().length)];
    faults.merge(fault, 1, Integer::sum);
    return Optional.of(fault);
  }

  /** An exchange that is closed before all of its answer was sent breaks its connection. */
  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      Optional<Fault> fault = next();
      if (fault.equals(Optional.of(Fault.SLOW_DOWN))) {
        refuse(exchange, 503, "SlowDown");
      } else if (fault.equals(Optional.of(Fault.INTERNAL_ERROR))) {
        refuse(exchange, 500, "InternalError");
      } else {
        HttpResponse<byte[]> answer = ask(exchange, body);
        if (fault.isEmpty()) {
          send(exchange, answer, answer.body().length);
        } else if (answer.body().length > 0) {
          send(exchange, answer, answer.body().length / 2);
        }
      }
    }
  }

  private static void refuse(HttpExchange exchange, int status, String code) throws IOException {
    byte[] body =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code><Message>%s</Message></Error>"
            .formatted(code, "a failure for a test")
            .getBytes(UTF_8);
    boolean isHead = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, isHead ? -1 : body.length);
    if (!isHead) {
      exchange.getResponseBody().write(body);
    }
  }

  private HttpResponse<byte[]> ask(HttpExchange exchange, byte[] body) throws IOException {
    URI asked = exchange.getRequestURI();
    String query = asked.getRawQuery() == null ? "" : "?" + asked.getRawQuery();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server + asked.getRawPath() + query))
            .method(exchange.getRequestMethod(), BodyPublishers.ofByteArray(body));
    exchange.getRequestHeaders().forEach((name, values) -> relay(name, values, request::header));
    try {
      return back.send(request.build(), BodyHandlers.ofByteArray());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private static void send(HttpExchange exchange, HttpResponse<byte[]> answer, int length)
      throws IOException {
    answer
        .headers()
        .map()
        .forEach((name, values) -> relay(name, values, exchange.getResponseHeaders()::add));
    byte[] body = answer.body();
    if (exchange.getRequestMethod().equals("HEAD")) {
      answer
          .headers()
          .firstValue("content-length")
          .ifPresent(value -> exchange.getResponseHeaders().set("Content-Length", value));
    }
    exchange.sendResponseHeaders(answer.statusCode(), body.length == 0 ? -1 : body.length);
    OutputStream out = exchange.getResponseBody();
    out.write(body, 0, length);
    out.flush();
  }

  /** What a header is told to. */
  private interface Message {
    void header(String name, String value);
  }

  private static void relay(String name, List<String> values, Message message) {
    if (!NOT_RELAYED.contains(name.toLowerCase(Locale.ROOT))) {
      values.forEach(value -> message.header(name, value));
    }
  }

  @Override
  public void close() {
    front.stop(0);
    threads.shutdownNow();
  }
}
