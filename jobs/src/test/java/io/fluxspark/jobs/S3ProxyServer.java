package io.fluxspark.jobs;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * An S3 server (s3proxy) as a process of its own, on a port that was free, for its own random
 * credentials. What it has is in its memory.
 */
final class S3ProxyServer implements AutoCloseable {
  private static final Pattern LISTENING =
      Pattern.compile(".*Started .*ServerConnector.*\\{127\\.0\\.0\\.1:(\\d+)}.*");

  private final Process process;
  private final String identity = "user-" + UUID.randomUUID();
  private final String secret = "secret-" + UUID.randomUUID();
  private final String endpoint;

  /**
   * Starts the server and waits until it listens.
   *
   * @param folder for its settings and log
   */
  S3ProxyServer(Path folder) throws IOException {
    Path settings =
        Files.writeString(
            folder.resolve("s3proxy.properties"),
            """
            s3proxy.endpoint=http://127.0.0.1:0
            s3proxy.authorization=aws-v2-or-v4
            s3proxy.identity=%s
            s3proxy.credential=%s
            jclouds.provider=transient
            """
                .formatted(identity, secret));
    this.process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-jar",
                System.getProperty("s3proxy.jar"),
                "--properties",
                settings.toString())
            .redirectErrorStream(true)
            .start();
    this.endpoint = "http://127.0.0.1:" + port(process.inputReader());
  }

  /** Reads the log until it has the port, and then on, or the server would wait for a reader. */
  private static String port(BufferedReader log) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line = log.readLine(); line != null; line = log.readLine()) {
      Matcher listening = LISTENING.matcher(line);
      if (listening.matches()) {
        Thread drain = new Thread(() -> log.lines().forEach(ignored -> {}), "s3proxy log");
        drain.setDaemon(true);
        drain.start();
        return listening.group(1);
      }
      text.append(line).append('\n');
    }
    throw new IOException("s3proxy did not start: " + text);
  }

  String identity() {
    return identity;
  }

  String secret() {
    return secret;
  }

  /** Makes a bucket. */
  void createBucket(String name) {
    try (S3Client client =
        S3Client.builder()
            .endpointOverride(URI.create(endpoint))
            .region(Region.US_EAST_1)
            .forcePathStyle(true)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create(identity, secret)))
            .build()) {
      client.createBucket(bucket -> bucket.bucket(name));
    }
  }

  /** What Hadoop needs to find the server and to be let in. */
  Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("fs.s3a.endpoint", endpoint);
    settings.put("fs.s3a.endpoint.region", "us-east-1");
    settings.put("fs.s3a.path.style.access", "true");
    settings.put("fs.s3a.connection.ssl.enabled", "false");
    settings.put("fs.s3a.access.key", identity);
    settings.put("fs.s3a.secret.key", secret);
    settings.put("fs.s3a.attempts.maximum", "2");
    settings.put("fs.s3a.retry.limit", "2");
    return settings;
  }

  Configuration configuration() {
    Configuration configuration = new Configuration();
    settings().forEach(configuration::set);
    return configuration;
  }

  @Override
  public void close() {
    // Process.destroy would close the log under its reader.
    process.toHandle().destroy();
    process.onExit().join();
  }
}
