package io.fluxspark.jobs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.MultipartUpload;

/**
 * An S3 server (s3proxy) as a process of its own, on a port that was free, for its own random
 * credentials. What it has is in files, so that it can be killed and started again.
 */
final class S3ProxyServer implements AutoCloseable {
  private static final Pattern LISTENING =
      Pattern.compile(".*Started .*ServerConnector.*\\{127\\.0\\.0\\.1:(\\d+)}.*");

  /** An object that is being written; an upload in parts has a file that is named alike. */
  private static final Pattern DRAFT =
      Pattern.compile("(?!\\.s3proxy-mpu-stub-).*-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  private final Path folder;
  private final Path objects;
  private final String identity = "user-" + UUID.randomUUID();
  private final String secret = "secret-" + UUID.randomUUID();
  private String port = "0";
  private Process process;

  /**
   * Starts the server and waits until it listens.
   *
   * @param folder for its settings and objects
   */
  S3ProxyServer(Path folder) throws IOException {
    this.folder = folder;
    this.objects = Files.createDirectory(folder.resolve("s3"));
    start();
  }

  /** Starts it on the port that it had before, with what it had before. */
  void start() throws IOException {
    removeDrafts();
    Path settings =
        Files.writeString(
            folder.resolve("s3proxy.properties"),
            """
            s3proxy.endpoint=http://127.0.0.1:%s
            s3proxy.authorization=aws-v2-or-v4
            s3proxy.identity=%s
            s3proxy.credential=%s
            jclouds.provider=filesystem
            jclouds.filesystem.basedir=%s
            """
                .formatted(port, identity, secret, objects));
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-jar",
                System.getProperty("s3proxy.jar"),
                "--properties",
                settings.toString())
            .redirectErrorStream(true)
            .start();
    port = port(process.inputReader());
  }

  /** S3 has an object as a whole or not at all; here one that was being written has left a file. */
  private void removeDrafts() throws IOException {
    List<Path> drafts;
    try (Stream<Path> all = Files.walk(objects)) {
      drafts =
          all.filter(Files::isRegularFile)
              .filter(file -> DRAFT.matcher(file.getFileName().toString()).matches())
              .toList();
    }
    for (Path draft : drafts) {
      Files.delete(draft);
    }
  }

  /** Reads the log until it has the port, and then on, or the server would wait for a reader. */
  private static String port(BufferedReader log) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line = log.readLine(); line != null; line = log.readLine()) {
      Matcher listening = LISTENING.matcher(line);
      if (listening.matches()) {
        Thread drain = new Thread(() -> drain(log), "s3proxy log");
        drain.setDaemon(true);
        drain.start();
        return listening.group(1);
      }
      text.append(line).append('\n');
    }
    throw new IOException("s3proxy did not start: " + text);
  }

  private static void drain(BufferedReader log) {
    try {
      log.lines().forEach(ignored -> {});
    } catch (UncheckedIOException e) {
      // it was killed
    }
  }

  /** {@code kill -9}. */
  void kill() {
    // Process.destroyForcibly would close the log under its reader.
    process.toHandle().destroyForcibly();
    process.onExit().join();
  }

  String identity() {
    return identity;
  }

  String secret() {
    return secret;
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** Makes a bucket. */
  void createBucket(String name) {
    try (S3Client client = client()) {
      client.createBucket(bucket -> bucket.bucket(name));
    }
  }

  /** Begins an object in parts, as a writer does that is killed before it completes it. */
  void beginUpload(String bucket, String key) {
    try (S3Client client = client()) {
      client.createMultipartUpload(request -> request.bucket(bucket).key(key));
    }
  }

  /** The objects of which parts are there, but which were neither completed nor given up. */
  List<String> unfinishedUploads(String bucket) {
    try (S3Client client = client()) {
      return client.listMultipartUploads(request -> request.bucket(bucket)).uploads().stream()
          .map(MultipartUpload::key)
          .toList();
    }
  }

  private S3Client client() {
    return S3Client.builder()
        .endpointOverride(endpoint())
        .region(Region.US_EAST_1)
        .forcePathStyle(true)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(identity, secret)))
        .build();
  }

  /** What Hadoop needs to find the server and to be let in. */
  Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("fs.s3a.endpoint", endpoint().toString());
    settings.put("fs.s3a.endpoint.region", "us-east-1");
    settings.put("fs.s3a.path.style.access", "true");
    settings.put("fs.s3a.connection.ssl.enabled", "false");
    settings.put("fs.s3a.access.key", identity);
    settings.put("fs.s3a.secret.key", secret);
    return settings;
  }

  Configuration configuration() {
    Configuration configuration = new Configuration();
    settings().forEach(configuration::set);
    return configuration;
  }

  @Override
  public void close() {
    process.toHandle().destroy();
    process.onExit().join();
  }
}
