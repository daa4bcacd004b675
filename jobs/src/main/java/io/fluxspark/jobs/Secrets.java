package io.fluxspark.jobs;

import java.util.regex.Pattern;

/** Keeps credentials out of reports. */
final class Secrets {
  private static final Pattern USER_INFO = Pattern.compile("(?<=://)[^/@]+(?=@)");

  private Secrets() {}

  /** An address without the user and password that may stand in it. */
  static String redacted(String address) {
    return USER_INFO.matcher(address).replaceAll("*****");
  }
}
