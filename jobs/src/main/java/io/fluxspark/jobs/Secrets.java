package io.fluxspark.jobs;

import java.util.regex.Pattern;

/** Keeps credentials out of reports and messages. */
final class Secrets {
  /** A user; or a user and a password, which may have a slash in it, and which is no port. */
  private static final Pattern USER_INFO =
      Pattern.compile("(?<=://)([^/@\\s]+|[^/@:\\s]+:(?!\\d+/)[^@\\s]+)(?=@)");

  private Secrets() {}

  /** A text with addresses, without the user and password that may stand in them. */
  static String redacted(String text) {
    return USER_INFO.matcher(text).replaceAll("*****");
  }
}
